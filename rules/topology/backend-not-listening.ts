import { programName } from '../../src/deployment/destination-words.ts'
import type { Connection, Listener, NginxConnection, Target } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { placeText } from '../../parsers/text/source.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import { isUnseenServer } from '../../src/servers/nginx/queries/servers.ts'
import { missedPools } from './_pool-beside.ts'
import {
  nginx,
  pool,
  gunicorn,
  secondBackend,
  apache,
  VITE,
  developed,
  built,
  DOTNET,
  PROGRAM_CS,
  JAVA,
  POM,
  GO,
  goListens,
  goServes,
  FASTIFY,
  fastifyListens,
  NEXT,
  fastcgiTo,
  packagedFpm,
} from './_listening-examples.ts'

const ofPm2 = (lines: string, target: string): Record<string, string> => ({
  'nginx/site.conf': proxiedServer('', 'backend').replace('http://backend', target),
  'ecosystem.config.cjs': conf`
    module.exports = {
      apps: [
        {
          name: 'shop',
          script: './dist/main.js',
          instances: 'max',
          ${lines}
        },
      ],
    }
  `,
  'src/main.ts': conf`
    import express from 'express'
    express().listen(process.env.PORT || 3000)
  `,
})

const DEBIAN_FPM = conf`
  FROM debian:12
  RUN apt-get update && apt-get install -y php8.2-fpm php8.2-mysql && mkdir -p /run/php
  COPY pool.conf /etc/php/8.2/fpm/pool.d/www.conf
  CMD ["php-fpm8.2", "-F"]
`
const ALPINE_FPM = conf`
  FROM alpine:3.20
  RUN apk add --no-cache php83-fpm php83-pdo_mysql
  COPY pool.conf /etc/php83/php-fpm.d/www.conf
  CMD php-fpm83 -F
`
const RHEL_FPM = conf`
  FROM rockylinux:9
  RUN dnf -y install php-fpm php-mysqlnd
  COPY pool.conf /etc/php-fpm.d/www.conf
  CMD ["/usr/sbin/php-fpm", "--nodaemonize"]
`

/** A site, and the unit of an application in the same repository. */
const beside = (path: string, target: string): Record<string, string> => ({
  [path]: proxiedServer('', 'backend').replace('http://backend', target),
  'deploy/shop.service': conf`
    [Service]
    WorkingDirectory=/srv/shop
    ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
  `,
})

const inPm2Container = (target: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        build: .
      nginx:
        image: nginx:1.27
        volumes:
          - ./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro
  `,
  'nginx/site.conf': proxiedServer('', 'backend').replace('http://backend', target),
  Dockerfile: conf`
    FROM node:22
    WORKDIR /app
    COPY . .
    RUN npm ci && npm install --global pm2
    CMD ["pm2-runtime", "ecosystem.config.js"]
  `,
  'ecosystem.config.js': conf`
    module.exports = { apps: [{ name: 'shop', script: 'server.js', env: { PORT: 3001 } }] }
  `,
  'server.js': conf`
    require('http').createServer().listen(process.env.PORT)
  `,
})

const UWSGI = conf`
  [uwsgi]
  plugin = python3
  module = app.wsgi
`

export default defineRule({
  summary: 'nginx or Apache connects to an address that its backend does not open',
  severity: 'error',
  otherSeverities: {
    warning: 'in two templates of one directory, whose sockets begin or end in different ways',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Both programs start, and every request for the application is answered with 502 Bad Gateway by nginx (`connect() failed (111: Connection refused)` or `(2: No such file or directory)` in its error log), and with 503 Service Unavailable by Apache (AH00957, AH02454).',
  remedy: 'Give the pass directive of the proxy and `listen` of the backend the same address',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html#fastcgi_pass',
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass',
    'https://www.php.net/manual/en/install.fpm.configuration.php',
  ],
  bad: [
    {
      title: 'a socket with the version of another PHP, in two templates',
      files: {
        'conf/nginx.conf': fastcgiTo('«unix:/var/run/php7.4-fpm-__NAME__.sock»'),
        'conf/php-fpm.conf': pool('/var/run/php5-fpm-__NAMETOCHANGE__.sock'),
      },
    },
    {
      title: 'a socket in another directory, in two templates',
      files: {
        'templates/site.conf.j2': fastcgiTo('«unix:/var/run/php-fpm/{{ app }}.sock»'),
        'templates/php-fpm.conf.j2': pool('/run/php/{{ app }}.sock'),
      },
    },
    {
      title: 'another port than that of the unit beside it',
      files: beside('deploy/nginx.conf', '«http://127.0.0.1:5000»'),
    },
    {
      title: 'another port than that of the unit of the same name',
      files: beside('nginx/shop.conf', '«http://127.0.0.1:5000»'),
    },
    {
      title: 'another port than that of the application of PM2, of which a compiler makes the script',
      files: ofPm2('env_production: { PORT: 3001 },', '«http://127.0.0.1:3000»'),
    },
    {
      title: 'a container that PM2 is the first process of',
      files: inPm2Container('«http://app:3000»'),
    },
    {
      title: 'a socket of the application, which listens on a port',
      files: {
        'etc/nginx/nginx.conf': gunicorn('unix:/srv/crm/shared/unicorn.sock', true),
        'etc/systemd/system/crm.service': conf`
          [Service]
          WorkingDirectory=/srv/crm/current
          ExecStart=/usr/bin/bundle exec unicorn -c config/unicorn.rb
        `,
        'srv/crm/current/config/unicorn.rb': conf`
          worker_processes 4
          listen "127.0.0.1:8080", tcp_nopush: true
        `,
      },
    },
    {
      title: 'a socket of the application in Python, which listens on a port',
      files: {
        'etc/nginx/nginx.conf': gunicorn('unix:/srv/shop/shop.sock', true),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/srv/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
    {
      title: 'a socket that is called after gunicorn, which listens on a port',
      files: beside('deploy/nginx.conf', '«http://unix:/run/shop/gunicorn.sock»'),
    },
    {
      title: 'the port that Tomcat has by itself, and one of its own',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:8080', true),
        'etc/tomcat10/server.xml': conf`
          <Server port="8005" shutdown="SHUTDOWN">
            <Service name="Catalina">
              <!-- <Connector port="8080" protocol="HTTP/1.1" /> -->
              <Connector port="8081" address="127.0.0.1" protocol="HTTP/1.1" />
            </Service>
          </Server>
        `,
      },
    },
    {
      title: 'TCP in nginx, a socket in the pool',
      files: {
        'etc/nginx/nginx.conf': nginx('«127.0.0.1:9000»'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'another name for the socket of a unit',
      files: {
        'etc/nginx/nginx.conf': gunicorn('unix:/run/gunicorn.socket', true),
        'etc/systemd/system/gunicorn.socket': conf`
          [Socket]
          ListenStream=/run/gunicorn.sock
        `,
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn shop.wsgi
        `,
      },
    },
    {
      title: 'a socket called alike, beside a backend that nobody sees',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  location / {
                      proxy_pass «http://unix:/run/shop/gunicorn.socket»;
                  }
                  location /ws/ {
                      proxy_pass http://127.0.0.1:9100;
                  }
              }
          }
        `,
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind unix:/run/shop/gunicorn.sock shop.wsgi
        `,
      },
    },
    {
      title: 'another port, for an application whose files nginx serves',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:8001', true).replace(
          'location / {',
          'location /static/ {\n                alias /etc/shop/static/;\n            }\n            location / {',
        ),
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
    {
      title: 'another port than the container opens',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: example/shop
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
              ports: ["8080:8000"]
            nginx:
              image: nginx:1.27
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
        `,
        'site.conf': conf`
          server {
              listen 80;
              location / {
                  proxy_pass «http://web:8080»;
              }
          }
        `,
      },
    },
    {
      title: 'the development server of Vite, on the loopback of its container',
      files: developed('vite', 'frontend:5173', { 'frontend/vite.config.ts': VITE('port: 5173') }),
    },
    {
      title: 'the development server of Angular, on the loopback of its container',
      files: developed('ng serve', 'frontend:4200', { 'frontend/angular.json': '{ "version": 1 }\n' }),
    },
    {
      title: 'the socket of a version that is gone',
      files: {
        'etc/nginx/nginx.conf': nginx('«unix:/run/php/php7.4-fpm.sock»'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'Apache, and the socket of a version that is gone',
      files: {
        'etc/apache2/apache2.conf': apache(conf`
          <FilesMatch "\.php$">
              SetHandler «"proxy:unix:/run/php/php7.4-fpm.sock|fcgi://localhost"»
          </FilesMatch>
        `),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'Apache, and a port where the pool has a socket',
      files: {
        'etc/apache2/apache2.conf': apache('ProxyPassMatch ^/(.*\\.php)$ «fcgi://127.0.0.1:9000/srv/www/$1»'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'Apache, and another port of gunicorn',
      files: {
        'etc/apache2/apache2.conf': apache('ProxyPass / «http://127.0.0.1:8000/»'),
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8001 shop.wsgi
        `,
      },
    },
    {
      title: 'Fastify, which listens on `localhost` by itself',
      files: built(FASTIFY, '«http://api:3000»', fastifyListens('port: 3000')),
    },
    {
      title: 'Kestrel on the loopback of its container',
      files: built(DOTNET, '«http://api:5000»', PROGRAM_CS, 'ASPNETCORE_URLS: http://localhost:5000'),
    },
    {
      title: 'the port that images of .NET had before version 8',
      files: built(DOTNET, '«http://api:80»', PROGRAM_CS),
    },
    {
      title: 'the port of an application of Spring Boot',
      files: built(JAVA, '«http://api:8080»', {
        ...POM,
        'api/src/main/resources/application.yml': 'server:\n  port: 8081\n',
      }),
    },
    {
      title: 'a program of Go on the loopback of its container',
      files: built(GO, '«http://api:8080»', goListens('127.0.0.1:8080')),
    },
    {
      title: 'the server that Next.js builds, on the loopback of its container',
      files: built(NEXT, '«http://api:3000»', {}, 'HOSTNAME: localhost'),
    },
    {
      title: 'Node.js on the port of its environment',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:3000', true),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          Environment=PORT=5000
          ExecStart=/usr/bin/node server.js
        `,
        'etc/shop/server.js': conf`
          const express = require('express')
          const app = express()
          const port = process.env.PORT || 3000
          app.listen(port)
        `,
      },
    },
    {
      title: 'a pool that an image copies behind the last file of PHP’s own',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: nginx:1.27
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf
            php:
              build: .
        `,
        Dockerfile: conf`
          FROM php:8.3-fpm
          COPY pool.conf /usr/local/etc/php-fpm.d/zz-shop.conf
        `,
        'site.conf': fastcgiTo('«php:9000»'),
        'pool.conf': conf`
          [www]
          listen = 127.0.0.1:9000
        `,
      },
    },
    {
      title: 'PHP-FPM of Debian’s packages in a container, on its own loopback',
      files: packagedFpm(DEBIAN_FPM, '127.0.0.1:9000', '«php:9000»'),
    },
    {
      title: 'the same with the package’s own pool, which is a socket',
      files: packagedFpm(DEBIAN_FPM.replace(/COPY.*\n/, ''), '9000', '«php:9000»'),
    },
    {
      title: 'a pool of the same name that the package’s own replaces',
      files: packagedFpm(DEBIAN_FPM.replace('pool.d/www.conf', 'pool.d/shop.conf'), '9000', '«php:9000»'),
    },
    { title: 'Alpine’s PHP-FPM', files: packagedFpm(ALPINE_FPM, '127.0.0.1:9000', '«php:9000»') },
    {
      title: 'Alpine’s PHP-FPM with the package’s own pool',
      files: packagedFpm(ALPINE_FPM.replace(/COPY.*\n/, ''), '9000', '«php:9000»'),
    },
    { title: 'RHEL’s PHP-FPM', files: packagedFpm(RHEL_FPM, '/run/php-fpm/www.sock', '«php:9000»') },
    {
      title: 'another port than that of PHP’s own image',
      files: packagedFpm('FROM php:8.3-fpm', '9000', '«php:9001»'),
    },
  ],
  good: [
    {
      title: 'sockets of two templates that may be one',
      files: {
        'conf/nginx.conf': fastcgiTo('unix:/var/run/php/php__PHP__-fpm-__NAME__.sock'),
        'conf/php-fpm.conf': pool('/run/php/php__PHP_VERSION__-fpm-__APP__.sock'),
      },
    },
    {
      title: 'a second pool, and a script that changes what is kept',
      files: {
        'a/nginx.conf': fastcgiTo('unix:/var/run/php7.4-fpm-__NAME__.sock'),
        'a/php-fpm.conf': pool('/var/run/php5-fpm-__NAME__.sock'),
        'b/php-fpm.conf': pool('/var/run/php7.4-fpm-__NAME__.sock'),
      },
    },
    {
      title: 'a script that fills in another socket',
      files: {
        'conf/nginx.conf': fastcgiTo('unix:/var/run/php7.4-fpm-__NAME__.sock'),
        'conf/php-fpm.conf': pool('/var/run/php5-fpm-__NAME__.sock'),
        'scripts/install.sh': 'sed -i "s|php5-fpm-$app.sock|php7.4-fpm-$app.sock|" conf/php-fpm.conf\n',
      },
    },
    {
      title: 'the sockets of the init script of Debian’s uWSGI, and of its unit',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              location /shop/ {
                  include uwsgi_params;
                  uwsgi_pass unix:/run/uwsgi/app/shop/socket;
              }
              location /wiki/ {
                  include uwsgi_params;
                  uwsgi_pass unix:/run/uwsgi/wiki.socket;
              }
          }
        `),
        'etc/uwsgi/apps-available/shop.ini': UWSGI,
        'etc/uwsgi/apps-available/wiki.ini': UWSGI,
      },
    },
    { title: 'PHP-FPM of Debian’s packages on every address', files: packagedFpm(DEBIAN_FPM, '9000') },
    {
      title: 'the same in a file that is read behind the package’s own',
      files: packagedFpm(DEBIAN_FPM.replace('pool.d/www.conf', 'pool.d/zz-shop.conf'), '0.0.0.0:9000'),
    },
    { title: 'Alpine’s PHP-FPM on every address', files: packagedFpm(ALPINE_FPM, '[::]:9000') },
    { title: 'RHEL’s PHP-FPM on every address', files: packagedFpm(RHEL_FPM, '9000') },
    {
      title: 'the socket of Debian’s package',
      files: packagedFpm(DEBIAN_FPM.replace(/COPY.*\n/, ''), '9000', 'unix:/run/php/php8.2-fpm.sock'),
    },
    {
      title: 'a pool that the build changes',
      files: packagedFpm(
        DEBIAN_FPM.replace(
          /COPY.*\n/,
          "RUN sed -i 's/^listen = .*/listen = 9000/' /etc/php/8.2/fpm/pool.d/www.conf\n",
        ),
        '9000',
      ),
    },
    {
      title: 'PHP-FPM that a script starts',
      files: packagedFpm(DEBIAN_FPM.replace(/CMD.*\n/, 'CMD ["/start.sh"]\n'), '127.0.0.1:9000'),
    },
    {
      title: 'PHP-FPM of another main file',
      files: packagedFpm(DEBIAN_FPM.replace('"-F"', '"-F", "-y", "/etc/fpm.conf"'), '127.0.0.1:9000'),
    },
    { title: 'the port of the unit beside it', files: beside('deploy/nginx.conf', 'http://127.0.0.1:8000') },
    {
      title: 'a port besides that the image says its application has',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              build: ./app
            nginx:
              image: nginx:1.27
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
        `,
        'site.conf': proxiedServer('', 'app:1337'),
        'app/Dockerfile': conf`
          FROM python:3.12
          COPY . .
          EXPOSE 8000 1337
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      },
    },
    {
      title: 'the port of the other server of a program in Java',
      files: built(JAVA, 'http://api:9090', {
        'api/pom.xml':
          '<artifactId>spring-boot-starter-web</artifactId>\n<artifactId>grpc-netty</artifactId>\n',
        'api/src/main/resources/application.yml': 'server:\n  port: 8080\n',
      }),
    },
    {
      title: 'a port that Node.js has by itself, which may be that of the pages',
      files: beside('deploy/nginx.conf', 'http://127.0.0.1:3000'),
    },
    {
      title: 'a site of another directory and another name',
      files: beside('nginx/blog.conf', 'http://127.0.0.1:5000'),
    },
    {
      title: 'the port of the application of PM2',
      files: ofPm2('env: { PORT: 3001 },', 'http://127.0.0.1:3001'),
    },
    {
      title: 'an application of PM2 that `--env` gives another port',
      files: ofPm2('env: { PORT: 3000 },\nenv_production: { PORT: 3001 },', 'http://127.0.0.1:3000'),
    },
    {
      title: 'a second application of PM2, of which nobody knows where it listens',
      files: ofPm2(
        conf`
          env: { PORT: 3001 },
          },
          {
            name: 'pages',
            script: './pages/server.mjs',
        `,
        'http://127.0.0.1:3000',
      ),
    },
    {
      title: 'a variable that PM2 has of its own environment',
      files: ofPm2("env: { NODE_ENV: 'production' },", 'http://127.0.0.1:3005'),
    },
    {
      title: 'the port in a container that PM2 is the first process of',
      files: inPm2Container('http://app:3001'),
    },
    {
      title: 'a socket that is called after another program',
      files: beside('deploy/nginx.conf', 'http://unix:/run/shop/daphne.sock'),
    },
    {
      title: 'a socket of another application',
      files: {
        'etc/nginx/nginx.conf': gunicorn('unix:/srv/blog/blog.sock'),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/srv/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
    {
      title: 'the socket that Unicorn opens, and the port of Tomcat',
      files: {
        'etc/nginx/nginx.conf': nginxMain(conf`
          server {
              listen 80;
              location / {
                  proxy_pass http://unix:/srv/crm/shared/unicorn.sock;
              }
              location /java/ {
                  proxy_pass http://127.0.0.1:8080;
              }
          }
        `),
        'etc/systemd/system/crm.service': conf`
          [Service]
          WorkingDirectory=/srv/crm/current
          ExecStart=/usr/bin/unicorn -c config/unicorn.rb
        `,
        'srv/crm/current/config/unicorn.rb': 'listen "/srv/crm/shared/unicorn.sock", backlog: 64\n',
        'etc/tomcat10/server.xml': conf`
          <Server port="8005">
            <Service name="Catalina">
              <Connector port="8080" address="127.0.0.1" />
              <Connector port="8443" SSLEnabled="true" address="127.0.0.1" />
            </Service>
          </Server>
        `,
      },
    },
    {
      title: 'the same socket, by the link that /var/run is',
      files: {
        'etc/nginx/nginx.conf': nginx('unix:/var/run/php/php8.2-fpm.sock'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'a bare port is every address',
      files: {
        'etc/nginx/nginx.conf': nginx('127.0.0.1:9000'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('9000'),
      },
    },
    {
      title: 'Fastify on every address',
      files: built(FASTIFY, 'http://api:3000', fastifyListens("port: 3000, host: '0.0.0.0'")),
    },
    {
      title: 'Kestrel on every address',
      files: built(DOTNET, 'http://api:5000', PROGRAM_CS, 'ASPNETCORE_URLS: http://+:5000'),
    },
    {
      title: 'Kestrel on the port that its image sets',
      files: built(DOTNET, 'http://api:8080', PROGRAM_CS),
    },
    {
      title: 'Kestrel that its program tells another port',
      files: built(DOTNET, 'http://api:5000', {
        'api/Program.cs':
          'var app = WebApplication.CreateBuilder(args).Build();\napp.Urls.Add("http://*:5000");\napp.Run();\n',
      }),
    },
    {
      title: 'Spring Boot on the port of its environment',
      files: built(
        JAVA,
        'http://api:9090',
        { ...POM, 'api/src/main/resources/application.properties': 'server.port=8081\n' },
        'SERVER_PORT: 9090',
      ),
    },
    {
      title: 'a program of Go on every address',
      files: built(GO, 'http://api:8080', goListens(':8080')),
    },
    {
      title: 'a program of Go whose metrics listen beside what a library serves',
      files: built(GO, 'http://api:8080', {
        'api/main.go': goServes('api.New(":8080").Run()'),
        'api/metrics/metrics.go': conf`
          package metrics

          import "net/http"

          func Start() {
              go func() {
                  _ = http.ListenAndServe(":2222", nil)
              }()
          }
        `,
      }),
    },
    {
      title: 'a program of Go that makes its server elsewhere',
      files: built(GO, 'http://api:8080', {
        'api/main.go': goServes('go http.ListenAndServe(":2222", nil)\n    server.New().ListenAndServe()'),
      }),
    },
    {
      title: 'the server that Next.js builds, on every address',
      files: built(NEXT, 'http://api:3000', {}, 'HOSTNAME: 0.0.0.0'),
    },
    {
      title: 'development servers that are told to listen for others',
      files: {
        ...developed(
          'vite',
          'frontend:5173',
          { 'frontend/vite.config.ts': VITE('port: 5173, host: true') },
          '',
        ),
      },
    },
    {
      title: 'a development server that is told so by the command',
      files: developed(
        'vite',
        'frontend:5173',
        { 'frontend/vite.config.ts': VITE('') },
        ' -- --host 0.0.0.0',
      ),
    },
    {
      title: 'Vite whose configuration is put together elsewhere',
      files: developed(
        'vite',
        'frontend:5173',
        { 'frontend/vite.config.ts': 'export default { ...shared }\n' },
        '',
      ),
    },
    {
      title: 'PHP-FPM of the image, and the port of the pool that it reads last',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf
            php:
              image: php:8.3-fpm
              volumes:
                - ./pool.conf:/usr/local/etc/php-fpm.d/zzz.conf
        `,
        'site.conf': fastcgiTo('php:9001'),
        'pool.conf': conf`
          [www]
          listen = 9001
        `,
      },
    },
    {
      title: 'no pool is in the audit',
      files: { 'etc/nginx/nginx.conf': nginx('unix:/run/php/php8.2-fpm.sock') },
    },
    {
      title: 'the socket of another program that runs scripts of PHP',
      files: {
        'etc/nginx/nginx.conf': nginx('unix:/run/hhvm/hhvm.sock'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/shop.sock'),
      },
    },
    {
      title: 'a pool whose address the environment gives',
      files: {
        'etc/nginx/nginx.conf': nginx('127.0.0.1:9000'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('${FPM_LISTEN}'),
      },
    },
    {
      title: 'a socket of another program beside that of a unit, which have /run alone in common',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  location / {
                      proxy_pass http://unix:/run/chat.sock;
                  }
                  location /ws/ {
                      proxy_pass http://127.0.0.1:9100;
                  }
              }
          }
        `,
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind unix:/run/shop.sock shop.wsgi
        `,
      },
    },
    {
      title: 'a port of a program that is no unit, beside a unit that nginx does not front',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:3000'),
        'etc/systemd/system/internal.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
    {
      title: 'Node.js on the port that nginx connects to',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:3000'),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/npm start
        `,
        'etc/shop/package.json': conf`
          { "scripts": { "start": "node server.js" } }
        `,
        'etc/shop/server.js': conf`
          import express from 'express'
          const app = express()
          app.listen(Number(process.env.PORT ?? 3000), () => console.log('it runs'))
        `,
      },
    },
    {
      title: 'Node.js whose port a file of dotenv may set',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:3000'),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/node server.js
        `,
        'etc/shop/server.js': conf`
          require('dotenv').config()
          require('http').createServer(answer).listen(process.env.PORT || 4000)
        `,
      },
    },
    {
      title: 'a second backend, beside a server that nginx reaches and whose files it serves',
      files: {
        'etc/nginx/nginx.conf': secondBackend('127.0.0.1:8000'),
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
      },
    },
    {
      title: 'a program of another unit, whose port nobody here knows',
      files: {
        'etc/nginx/nginx.conf': secondBackend(null),
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
        `,
        'etc/systemd/system/flower.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/etc/shop/bin/celery -A shop flower --port=5555
        `,
      },
    },
    {
      title: 'a program besides the one of a unit, which something else connects to',
      files: {
        'etc/nginx/nginx.conf': gunicorn('127.0.0.1:3000'),
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind unix:/run/gunicorn.sock shop.wsgi
        `,
      },
    },
    {
      title: 'FastCGI that is not for PHP',
      files: {
        'etc/nginx/nginx.conf': nginx('unix:/run/fcgiwrap.socket').replace('~ \\.php$', '/cgi-bin/'),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'Apache, the socket of the pool, and FastCGI that is not for PHP',
      files: {
        'etc/apache2/apache2.conf': apache(conf`
          <FilesMatch "\.php$">
              SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
          </FilesMatch>
          ProxyPass /search fcgi://127.0.0.1:9100/
        `),
        'etc/php/8.2/fpm/pool.d/www.conf': pool('/run/php/php8.2-fpm.sock'),
      },
    },
    {
      title: 'lines for a server out of sight, beside which an `upstream` may have this name',
      files: {
        'docker-compose.yml': conf`
          services:
            nginx:
              image: nginx:1.27
              volumes:
                - ./nginx/\${SETUP:-https}.conf:/etc/nginx/templates/default.conf.template
                - ./nginx/locations:/etc/nginx/conf.d/locations
            web:
              image: example/shop
              command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
        `,
        'nginx/https.conf': conf`
          upstream web {
              server web:8000;
          }
          server {
              listen 80;
              server_name \${DOMAIN};
              include /etc/nginx/conf.d/locations;
          }
        `,
        'nginx/locations': conf`
          location / {
              proxy_set_header Host $host;
              proxy_pass http://web;
          }
        `,
      },
    },
    {
      title: 'Apache, and the port of a program that is no unit',
      files: {
        'etc/apache2/apache2.conf': apache('ProxyPass / http://127.0.0.1:3000/'),
        'etc/systemd/system/gunicorn.service': conf`
          [Service]
          WorkingDirectory=/etc/shop
          ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8001 shop.wsgi
        `,
      },
    },
  ],
  *check(deployment) {
    const { connections } = deployment
    for (const { at, listen } of missedPools(deployment))
      yield {
        at,
        severity: 'warning',
        confidence: 'medium',
        message: `nginx connects to \`${placeText(at)}\`, and the pool of PHP-FPM that is kept beside it listens on \`${placeText(listen)}\``,
        label: 'not the socket of the pool',
        related: [{ at: listen, message: 'PHP-FPM listens here' }],
      }
    for (const connection of connections.all) {
      for (const target of connection.targets) {
        const { to } = target
        if (to.kind !== 'refused' || to.by.kind === 'apache' || mayBeUpstream(connection)) continue
        const name = programName(to.by)
        const opened = to.opened.slice(0, 3)
        const where = opened.map(formatEndpoint).join(' and ')
        yield {
          at: target.at,
          message: `${'server' in connection ? 'nginx' : 'Apache'} connects to ${formatEndpoint(target)}, and ${name} listens only on ${where}`,
          label: `${name} does not listen here`,
          related: opened.map(({ at }) => ({ at, message: `${name} listens here` })),
          ...('server' in connection ? fixOf(connection, target, to.opened) : {}),
        }
      }
    }
  },
})

/** True for a name without a port in lines for a server out of sight: beside that there may be an `upstream` of this name. */
function mayBeUpstream(connection: Connection): boolean {
  return (
    'server' in connection &&
    isUnseenServer(connection.server.directive) &&
    /^(?:\w+:\/\/)?[\w-]+(?:\/|$)/.test(connection.written)
  )
}

/** Only where there is one address to connect to, and that on nginx's own machine: a container has its own loopback. */
function fixOf(connection: NginxConnection, target: Target, opened: readonly Listener[]) {
  const [only] = opened
  const written = placeText(target.at)
  if (only === undefined || opened.length !== 1 || connection.upstream !== null) return {}
  if (only.program.machine !== connection.from.machine) return {}
  const there = formatEndpoint(only).replace(/^(?:0\.0\.0\.0|\[::\]):/, '127.0.0.1:')
  return propose(`Connect to ${there}`, 'unsafe', [
    written === formatEndpoint(target) ? replacePlace(target.at, there) : null,
  ])
}
