#!/bin/sh
curl -u admin:summerhouse-curl https://backup.example.com
PGPASSWORD=summerhouse-pg psql -h db.example.com
mysql -u root -psummerhouse-mysql shop
curl 'https://app:summerhouse-url@backup.example.com/shop'
echo summerhouse-echo | docker login --password-stdin
