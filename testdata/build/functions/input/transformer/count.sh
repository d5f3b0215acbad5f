#!/bin/sh
# Keeps its input for the test, and changes a value.
echo "counting $1, $2, level $LEVEL, equals ${EQUALS-unset}, flag ${FLAG-unset}" >&2
tee seen.yaml | sed 's/    bees: .*/    bees: "8"/'
