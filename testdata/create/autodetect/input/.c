apiVersion: v1
kind: Service
metadata:
  name: shop
