#!/bin/sh
sed 's/bees: "7"/bees: "8"/'
