#!/bin/sh
sed 's/^    name: hive$/    labels: {validated-by: garden}\n    name: hive/'
