#!/bin/sh
cat > /dev/null
printf 'kind: Bed\napiVersion: v1\nmetadata: {name: a, annotations: {config.kubernetes.io/path: ../../out.yaml}}\n'
