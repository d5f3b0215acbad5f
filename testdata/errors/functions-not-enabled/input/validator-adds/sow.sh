#!/bin/sh
sed 's/^functionConfig:/- {kind: Seed, apiVersion: v1, metadata: {name: bean}}\n&/'
