#!/bin/sh
curl -u admin:wintergarden-curl https://backup.example.com
PGPASSWORD=wintergarden-pg psql -h db.example.com
mysql -u root -pwintergarden-mysql shop
curl 'https://app:wintergarden-url@backup.example.com/shop'
echo wintergarden-echo | docker login --password-stdin
