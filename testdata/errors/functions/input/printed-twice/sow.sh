#!/bin/sh
cat > /dev/null
for number in 1 2; do
  printf -- '---\nkind: Seed\napiVersion: v1\nmetadata: {name: bean}\n'
done
