#!/bin/sh
echo "the soil is too dry" >&2
printf 'water it first \033[31m\n' >&2
exit 7
