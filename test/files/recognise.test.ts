import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { recognise } from '../../src/files/recognise.ts'

const of = (text: string) => recognise(textSource('/x', text))
const NGINX_MAIN = { program: 'nginx', part: 'whole' }
const NGINX_OUTER = { program: 'nginx', part: 'outer' }
const NGINX = { program: 'nginx', part: 'inner' }
const APACHE_MAIN = { program: 'apache', part: 'whole' }
const APACHE_OUTER = { program: 'apache', part: 'outer' }
const APACHE = { program: 'apache', part: 'inner' }

test('a main file of nginx has events or http at its top', () => {
  assert.equal(of('user www-data;\nevents {\n}\nhttp {\n}\n'), NGINX_MAIN)
  assert.equal(of('events{}http{server{listen 80;}}'), NGINX_MAIN)
  assert.equal(of('http {\n}\n'), NGINX_OUTER)
  assert.equal(of('worker_processes 2;\ninclude more.conf;\n'), NGINX_OUTER)
  assert.equal(of('# events { }\nserver {\n listen 80;\n}\n'), NGINX)
})

test('fragments of nginx', () => {
  assert.equal(of('upstream django {\n  server 127.0.0.1:9000;\n}\n'), NGINX)
  assert.equal(of('# a licence\n\nproxy_set_header Host $host; # as sent\n'), NGINX)
  assert.equal(of('location /static/ {\n  alias /srv/static/;\n}\n'), NGINX)
  assert.equal(of('map $http_upgrade $connection_upgrade {\n default upgrade;\n}\n'), NGINX)
})

test('a main file of Apache says where the server lives and what it loads', () => {
  assert.equal(of('ServerRoot "/usr/local/apache2"\nListen 80\n'), APACHE_MAIN)
  assert.equal(
    of('DefaultRuntimeDir ${APACHE_RUN_DIR}\nPidFile ${APACHE_PID_FILE}\nInclude ports.conf\n'),
    APACHE_MAIN,
  )
  assert.equal(of('LoadModule wsgi_module modules/mod_wsgi.so\n'), APACHE_OUTER)
})

test('fragments of Apache', () => {
  assert.equal(
    of('<Directory />\n  Require all denied\n</Directory>\n<Location /admin/>\n</Location>\n'),
    APACHE,
  )
  assert.equal(of('<VirtualHost *:80>\n  ServerName a\n</VirtualHost>\n'), APACHE)
  assert.equal(of('Listen 127.0.0.1:9000\n'), APACHE_OUTER)
  assert.equal(of('<IfModule mod_ssl.c>\n\tListen 443\n</IfModule>\n'), APACHE_OUTER)
})

test('other files are neither', () => {
  assert.is(of(''), null)
  assert.is(of('zone "example.org" {\n  type master;\n  file "db";\n};\n'), null)
  assert.is(of('{\n  "http": {\n    "server": 1\n  }\n}\n'), null)
  assert.is(of('events {\0\n}\n'), null)
  assert.is(of('sub vcl_recv {\n  set req.url = "/";\n  return (pass);\n}\n'), null)
  assert.is(of('<project>\n  <directory>src</directory>\n</project>\n'), null)
  assert.is(of('<?xml version="1.0"?>\n<location\n  path="x">\n</location>\n'), null)
  assert.is(of('<!DOCTYPE html>\n<files>\n'), null)
  assert.is(of('[Unit]\nDescription=x\n'), null)
  assert.is(of('import http from "node:http";\nconst server = {\n};\n'), null)
  assert.is(of('/var/log/nginx/*.log {\n\tdaily\n\trotate 14\n}\n'), null)
  assert.is(of('server 192.0.2.1 {\n  keys { k; };\n};\n'), null)
  assert.is(of('text/html html;\nbody { color: red; }\n'), null)
})

test.run()
