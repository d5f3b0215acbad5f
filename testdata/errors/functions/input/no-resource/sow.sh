#!/bin/sh
echo 'seeds: many'
