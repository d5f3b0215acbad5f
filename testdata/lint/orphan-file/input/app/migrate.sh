kubectl apply -f migration.yaml
