#!/bin/sh
# Prints documents in place of a list, and adds one.
cat > seen-$1.yaml
cat <<END
apiVersion: v1
kind: ConfigMap
metadata:
  name: hive
data:
  bees: $1
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: $1
END
