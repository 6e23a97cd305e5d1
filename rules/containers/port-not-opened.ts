import { exposesBesides } from '../../src/deployment/containers/exposes-besides.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint, isLoopback } from '../../src/servers/address.ts'
import { conf } from '../../src/engine/conf.ts'
import { openers, isOfFour, unclaimedIn } from './_opened-ports.ts'
import { siteTo } from './_examples.ts'
import { mayBeOverridden } from './_override-templates.ts'
import { healthChecksOfPort80 } from './_health-check-port.ts'
import { claimsOf } from './_claimed-ports.ts'

const compose = (web: string, command = 'gunicorn --bind 0.0.0.0:8000 shop.wsgi'): string => conf`
  services:
    proxy:
      image: nginxproxy/nginx-proxy
      ports: ["80:80"]
    web:
      image: example/shop
      command: ${command}
      ${web}
`
const nginx = (lines: string): string => conf`
  services:
    web:
      image: nginx:1.27
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
      ${lines}
`

/** Other containers beside an nginx with `edge.conf`. */
const behindEdge = (others: string): string => conf`
  services:
    edge:
      image: nginx:1.27
      ports: ["80:80"]
      volumes:
        - ./edge.conf:/etc/nginx/conf.d/default.conf:ro
    ${others}
`

const static80 = (port: string): string => conf`
  server {
      listen ${port};
      root /usr/share/nginx/html;
  }
`

/** nginx that publishes two ports, and opens 80 and one of TLS. */
const ofTwo = (plain: string, secure: string, port: string): Record<string, string> => ({
  'compose.yaml': behindEdge('').replace('["80:80"]', `[${plain}, ${secure}]`),
  'edge.conf': conf`
    ${static80('80')}
    server {
        listen ${port} ssl;
        ssl_certificate /etc/nginx/conf.d/site.crt;
        ssl_certificate_key /etc/nginx/conf.d/site.key;
        root /usr/share/nginx/html;
    }
  `,
})

const debianApache = (port: string, step = ''): Record<string, string> => ({
  'compose.yaml': behindEdge(conf`
    web:
      build: .
  `),
  'edge.conf': siteTo(`web:${port}`),
  Dockerfile: conf`
    FROM debian:12
    RUN apt-get update && apt-get install -y apache2 libapache2-mod-wsgi-py3
    COPY ports.conf /etc/apache2/ports.conf
    COPY shop.conf /etc/apache2/sites-enabled/shop.conf
    ${step}
    CMD ["apachectl", "-D", "FOREGROUND"]
  `,
  'ports.conf': conf`Listen 8080`,
  'shop.conf': conf`
    <VirtualHost *:8080>
        WSGIScriptAlias / /srv/shop/wsgi.py
        <Directory /srv/shop>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})

export default defineRule({
  summary: 'A port of a container is published, proxied to or checked, and nothing opens it',
  severity: 'error',
  otherSeverities: {
    warning:
      'where Alpine’s wget asks for `localhost` and nothing listens on IPv6, where another port is published that nginx opens, and where a health check asks for port 80 of an image that is not seen',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`ports` and `VIRTUAL_PORT` (or the label of Traefik) name the port inside the container. Where the application binds another one, or loopback alone, the proxy answers 502 Bad Gateway, a published port resets the connection, and a health check never succeeds. `localhost` is ::1 first, and the wget of Alpine asks no second address.',
  remedy: 'Name the port that the command binds, and bind `0.0.0.0`',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#ports',
    'https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#virtual-ports',
    'https://doc.traefik.io/traefik/routing/providers/docker/#port',
  ],
  unproven: 'The live tests start no containers: what a port of one leads to, its compose file says',
  bad: [
    {
      title: 'one of two ports of nginx, by another number inside',
      files: ofTwo('"«80:81»"', '"443:443"', '443'),
    },
    {
      title: 'a port of TLS that nginx opens by another number',
      files: ofTwo('"80:80"', '"«443:443»"', '444'),
    },
    {
      title: 'a port of Redis that no command tells it of',
      files: {
        'compose.yaml': conf`
          services:
            cache:
              image: redis:7
              command: [redis-server, --appendonly, "yes"]
              env_file: [.env]
              volumes: ["./redis:/etc/redis"]
              ports: ["«6399:6399»"]
              healthcheck:
                test: [CMD, redis-cli, -p, "«6399»", ping]
        `,
      },
    },
    {
      title: 'a port of MariaDB that no option file has',
      files: {
        'compose.yaml': conf`
          services:
            db:
              image: mariadb:11
              environment: { MARIADB_ROOT_PASSWORD: shop }
              volumes: ["./db:/etc/mysql/conf.d"]
              ports: ["«3307:3307»"]
        `,
        'db/shop.cnf': conf`
          [mysqld]
          character-set-server = utf8mb4
        `,
      },
    },
    {
      title: 'another port for nginx-proxy',
      files: {
        'compose.yaml': compose(conf`
          environment:
            VIRTUAL_HOST: example.org
            «VIRTUAL_PORT: 8080»
        `),
      },
    },
    {
      title: 'a published port that nothing opens',
      files: { 'compose.yaml': compose('ports: ["«80:5000»"]') },
    },
    {
      title: 'another port for Traefik',
      files: {
        'compose.yaml': compose(conf`
          labels:
            - «traefik.http.services.shop.loadbalancer.server.port=80»
        `),
      },
    },
    {
      title: 'loopback behind nginx-proxy',
      files: {
        'compose.yaml': compose(
          conf`
            environment:
              - VIRTUAL_HOST=example.org
              - VIRTUAL_PORT=8000
          `,
          '«gunicorn» shop.wsgi',
        ),
      },
    },
    {
      title: 'a port that an image has no more',
      files: {
        'compose.yaml': conf`
          services:
            vaultwarden:
              image: vaultwarden/server:1.32.7
              environment:
                DOMAIN: https://vault.example.org
                SMTP_PORT: 587
              labels:
                - traefik.http.services.vault.loadbalancer.server.port=80
                - «traefik.http.services.hub.loadbalancer.server.port=3012»
        `,
      },
    },
    {
      title: 'nginx that connects to the nginx of another container',
      files: {
        'compose.yaml': behindEdge(conf`
          frontend:
            build: ./frontend
        `),
        'edge.conf': siteTo('«frontend:3000»'),
        'frontend/Dockerfile': conf`
          FROM node:22 AS build
          WORKDIR /app
          COPY . .
          RUN npm ci && npm run build
          FROM nginx:1.27
          RUN rm /etc/nginx/conf.d/default.conf
          COPY nginx.conf /etc/nginx/conf.d/app.conf
          COPY --from=build /app/dist /usr/share/nginx/html
        `,
        'frontend/nginx.conf': static80('80'),
        'frontend/package.json': '{ "scripts": { "build": "vite build" } }\n',
        'frontend/package-lock.json': '{}\n',
      },
    },
    {
      title: 'files of one directory for two containers',
      files: {
        'compose.yaml':
          nginx('ports: ["80:80"]').replace('- ./site.conf', '- ./nginx/edge.conf') +
          conf`
            inner:
              image: nginx:1.27
              volumes:
                - ./nginx/inner.conf:/etc/nginx/conf.d/default.conf:ro
        `
            .replace(/^/gm, '  ')
            .trimEnd() +
          '\n',
        'nginx/edge.conf': siteTo('«inner:8080»'),
        'nginx/inner.conf': static80('80'),
      },
    },
    {
      title: 'nginx whose site is in the compose file',
      files: {
        'compose.yaml': conf`
          services:
            edge:
              image: nginx:1.27
              ports: ["80:80"]
              configs:
                - source: edge
                  target: /etc/nginx/conf.d/default.conf
            inner:
              image: nginx:1.27
              configs:
                - source: inner
                  target: /etc/nginx/conf.d/default.conf
          configs:
            edge:
              content: |
                ${siteTo('«inner»')}
            inner:
              content: |
                ${static80('8080')}
        `,
      },
    },
    {
      title: 'nginx that connects to images as they come, and to Apache',
      files: {
        'compose.yaml': behindEdge(conf`
          pages:
            image: httpd:2.4
            volumes:
              - ./httpd.conf:/usr/local/apache2/conf/httpd.conf:ro
          blog:
            image: wordpress:6-apache
        `),
        'edge.conf': conf`
          server {
              listen 80;
              location / {
                  proxy_pass «http://pages:80»;
              }
              location /blog/ {
                  proxy_pass «http://blog:8080»;
              }
          }
        `,
        'httpd.conf': conf`
          ServerRoot "/usr/local/apache2"
          Listen 8080
          LoadModule mpm_event_module modules/mod_mpm_event.so
          LoadModule unixd_module modules/mod_unixd.so
          LoadModule authz_core_module modules/mod_authz_core.so
          DocumentRoot "/usr/local/apache2/htdocs"
        `,
      },
    },
    {
      title: 'the Apache of Debian, by the port of another',
      files: { ...debianApache('8000'), 'edge.conf': siteTo('«web:8000»') },
    },
    {
      title: 'a health check of another port',
      files: {
        'compose.yaml': compose(conf`
          healthcheck:
            test: curl -f «http://localhost:5000»/health || exit 1
        `),
      },
    },
    {
      title: 'a published port of nginx that its configuration does not listen on',
      files: {
        'compose.yaml': nginx('ports: ["«80:3000»"]'),
        'site.conf': static80('80'),
      },
    },
    {
      title: 'the same of nginx in front of PHP, whose file of parameters comes with the image',
      files: {
        'compose.yaml': nginx('ports: ["«80:8080»"]'),
        'site.conf': conf`
          server {
              listen 80;
              location ~ \.php$ {
                  include fastcgi_params;
                  fastcgi_pass app:9000;
              }
          }
        `,
      },
    },
    {
      title: 'a label of Traefik for nginx, which listens on another port',
      files: {
        'compose.yaml': nginx(conf`
          labels:
            - «traefik.http.services.site.loadbalancer.server.port=80»
        `),
        'site.conf': static80('8080'),
      },
    },
    {
      title: 'the main file of nginx',
      files: {
        'compose.yaml': nginx('ports: ["«80:80»"]').replace('conf.d/default.conf', 'nginx.conf'),
        'site.conf': conf`
          events {
          }
          http {
              ${static80('8080')}
          }
        `,
      },
    },
    {
      title: 'a health check by a name that is IPv6 first',
      files: {
        'compose.yaml': nginx(conf`
          healthcheck:
            test: ["CMD", "wget", "-q", "--spider", "«http://localhost:8080»/healthz"]
        `).replace('nginx:1.27', 'nginx:1.27-alpine'),
        'site.conf': static80('8080'),
      },
    },
    {
      title: 'an image without privileges, as it comes',
      files: {
        'compose.yaml': conf`
          services:
            web:
              image: nginxinc/nginx-unprivileged:1.27-alpine
              ports: ["«80:80»"]
              volumes: ["./public:/usr/share/nginx/html:ro"]
        `,
      },
    },
    {
      title: 'an image of somebody else, as it comes',
      files: {
        'compose.yaml': conf`
          services:
            adminer:
              image: adminer
              ports: ["«8080:80»"]
            blog:
              image: ghost:5
              environment:
                database__client: mysql
                «VIRTUAL_PORT: 80»
        `,
      },
    },
    {
      title: 'a health check without a port, of an image that nobody sees',
      files: {
        'compose.yaml': behindEdge(conf`
          web:
            image: registry.example.org/shop:1.4
            expose: [8000]
            healthcheck:
              test: wget --spider «http://localhost»/ || exit 1
        `),
        'edge.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a health check that the image brings',
      files: {
        'compose.yaml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          HEALTHCHECK --interval=10s CMD nc -z «localhost 8001» || exit 1
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      },
    },
    {
      title: 'an override that is to be copied, with a volume alone',
      files: {
        'compose.yaml': nginx('ports: ["«80:3000»"]'),
        'compose.override.example.yaml': conf`
          services:
            web:
              volumes: ["./pages:/srv/www"]
        `,
        'site.conf': static80('80'),
      },
    },
    {
      title: 'port 80 of nginx, besides one that it opens',
      files: {
        'docker-compose.yml': conf`
          services:
            proxy:
              image: nginx:1-alpine
              ports:
                - "«80:80»"
                - "8536:8536"
              volumes:
                - ./nginx.conf:/etc/nginx/nginx.conf:ro,Z
        `,
        'nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 1236;
                  listen 8536;
                  server_name localhost;
                  return 200 ok;
              }
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'ports of nginx for TLS, besides one that it opens',
      files: {
        'docker-compose.yml': conf`
          services:
            proxy:
              image: nginx:1-alpine
              ports:
                - "80:80"
                - "443:443"
              volumes:
                - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        `,
        'site.conf': conf`
          server {
              listen 80;
              server_name localhost;
              return 200 ok;
          }
        `,
      },
    },
    {
      title: 'a health check that asks another way where the first fails',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              image: postgres:16-alpine
              environment: { POSTGRES_PASSWORD: shop }
              healthcheck:
                test: ["CMD-SHELL", "nc -z localhost 5433 || pg_isready -U postgres"]
        `,
      },
    },
    { title: 'the Apache of Debian, by its port', files: debianApache('8080') },
    {
      title: 'the Apache of Debian, to which a step gives another port',
      files: debianApache('8000', 'RUN sed -i "s/8080/8000/" /etc/apache2/ports.conf'),
    },
    {
      title: 'the Apache of Debian, which a script starts that nobody knows',
      files: debianApache('8000', 'ENTRYPOINT ["/start.sh"]'),
    },
    {
      title: 'a port of MariaDB that an option file has',
      files: {
        'compose.yaml': conf`
          services:
            db:
              image: mariadb:11
              environment: { MARIADB_ROOT_PASSWORD: shop }
              volumes: ["./db:/etc/mysql/conf.d"]
              ports: ["3307:3307"]
        `,
        'db/shop.cnf': conf`
          [mysqld]
          port = 3307
        `,
      },
    },
    { title: 'two ports, and both are opened', files: ofTwo('"8080:80"', '"443:443"', '443') },
    {
      title: 'a port for TLS that is still to come, beside one that answers',
      files: {
        'compose.yaml': behindEdge('').replace('"80:80"', '"80:80", "443:443"'),
        'edge.conf': static80('80'),
      },
    },
    {
      title: 'a port besides, where all that is opened is published',
      files: ofTwo('"80:80", "8080:8080"', '"443:443"', '443'),
    },
    {
      title: 'ports of other containers that are opened there, or may be',
      files: {
        'compose.yaml': behindEdge(conf`
          inner:
            image: nginx:1.27
            volumes:
              - ./inner.conf:/etc/nginx/conf.d/app.conf:ro
          filled:
            image: nginx:1.27
            volumes:
              - ./filled.conf.template:/etc/nginx/templates/default.conf.template:ro
          started:
            image: nginx:1.27
            command: ./start.sh
          built:
            build: ./built
        `),
        'edge.conf': conf`
          server {
              listen 80;
              location /own/ {
                  proxy_pass http://inner:8080/;
              }
              location /stock/ {
                  proxy_pass http://inner/;
              }
              location /filled/ {
                  proxy_pass http://filled:3000/;
              }
              location /started/ {
                  proxy_pass http://started:3000/;
              }
              location /built/ {
                  proxy_pass http://built:3000/;
              }
          }
        `,
        'inner.conf': static80('8080'),
        'filled.conf.template': static80(`\${PORT}`),
        'built/Dockerfile': conf`
          FROM nginx:1.27
          COPY site.conf /etc/nginx/conf.d/default.conf
          RUN sed -i 's/8000/3000/' /etc/nginx/conf.d/default.conf
        `,
        'built/site.conf': static80('8000'),
      },
    },
    {
      title: 'the port of a debugger, which a variable starts',
      files: {
        'compose.yaml': compose(conf`
          environment:
            NODE_OPTIONS: --inspect=0.0.0.0:9229
          ports: ["127.0.0.1:9229:9229"]
        `),
      },
    },
    {
      title:
        'health checks of images that nobody sees: of port 80 besides, of the port that is named, of a port for checks',
      files: {
        'compose.yaml': behindEdge(conf`
          web:
            image: registry.example.org/shop:1.4
            expose: [8000, 80]
            healthcheck:
              test: wget --spider http://localhost/ || exit 1
          stock:
            image: registry.example.org/stock:1.4
            ports: ["8000"]
            healthcheck:
              test: wget --spider http://localhost:8000/ || exit 1
          mail:
            image: registry.example.org/mail:1.4
            expose: [8000]
            healthcheck:
              test: wget --spider http://localhost:9000/health || exit 1
        `),
        'edge.conf': conf`
          server {
              listen 80;
              location / {
                  proxy_pass http://web:8000;
              }
              location /stock/ {
                  proxy_pass http://stock:8000;
              }
              location /mail/ {
                  proxy_pass http://mail:8000;
              }
          }
        `,
      },
    },
    {
      title: 'nginx beside the site of its image, which listens on 80',
      files: {
        'compose.yaml': nginx('ports: ["80:80"]').replace('default.conf', 'other.conf'),
        'site.conf': static80('8080'),
      },
    },
    {
      title: 'nginx of an image without privileges, beside its own site',
      files: {
        'compose.yaml': nginx('ports: ["80:8080"]')
          .replace('image: nginx:1.27', 'image: nginxinc/nginx-unprivileged:1.27')
          .replace('default.conf', 'other.conf'),
        'site.conf': static80('8081'),
      },
    },
    {
      title: 'health checks of Alpine by an address, and of what listens on both families',
      files: {
        'compose.yaml': conf`
          ${nginx(conf`
            healthcheck:
              test: wget -q --spider http://127.0.0.1:8080/ || exit 1
          `).replace('nginx:1.27', 'nginx:1.27-alpine')}
            both:
              image: nginx:alpine
              volumes:
                - ./both.conf:/etc/nginx/conf.d/default.conf
              healthcheck:
                test: wget -q --spider http://localhost:8080/ || exit 1
        `,
        'site.conf': static80('8080'),
        'both.conf': conf`
          server {
              listen 8080;
              listen [::]:8080;
          }
        `,
      },
    },
    {
      title: 'nginx whose configuration has files that are not there',
      files: {
        'compose.yaml': nginx('ports: ["80:3000"]'),
        'site.conf': `include /etc/nginx/sites/*.conf;\n${static80('80')}`,
      },
    },
    {
      title: 'nginx, of whose template the environment says a port',
      files: {
        'compose.yaml': nginx('ports: ["80:3000"]').replace(
          './site.conf:/etc/nginx/conf.d/default.conf',
          './site.conf.template:/etc/nginx/templates/default.conf.template',
        ),
        'site.conf.template': `${static80('8080')}${static80('${PORT}')}`,
      },
    },
    {
      title: 'nginx with templates besides',
      files: {
        'compose.yaml': nginx('ports: ["80:3000"]').replace(
          '- ./site',
          '- ./templates:/etc/nginx/templates\n      - ./site',
        ),
        'site.conf': static80('80'),
      },
    },
    {
      title: 'the network of a container that opens the port',
      files: {
        'compose.yaml': conf`
          ${nginx('ports: ["80:80", "3000:3000"]')}
            app:
              image: example/app
              network_mode: service:web
        `,
        'site.conf': static80('80'),
      },
    },
    {
      title: 'a health check of the image by the port of the environment',
      files: {
        'compose.yaml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          HEALTHCHECK CMD curl -f http://localhost:\${PORT:-5000}/ || exit 1
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      },
    },
    {
      title: 'a port of the host, to which an nginx beside the containers connects',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {}
          http {
              server {
                  listen 80;
                  location / {
                      proxy_pass http://127.0.0.1:8080;
                  }
              }
          }
        `,
        'srv/cloud/compose.yaml': conf`
          services:
            app:
              image: nextcloud:31-apache
              ports: ["127.0.0.1:8080:80"]
        `,
      },
    },
    {
      title: 'a port besides that the image says its application has',
      files: {
        'compose.yaml': conf`
          services:
            web:
              build: .
              ports: ["8080:1337"]
        `,
        Dockerfile: conf`
          FROM python:3.12
          WORKDIR /app
          COPY . .
          EXPOSE 8000 1337
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      },
    },
    {
      title: 'the port of the other server of a program in Java',
      files: {
        'compose.yaml': conf`
          services:
            api:
              build: .
              ports: ["8443:8443"]
        `,
        Dockerfile: conf`
          FROM eclipse-temurin:21-jre
          COPY target/api.jar /api.jar
          ENTRYPOINT ["java", "-jar", "/api.jar"]
        `,
        'pom.xml': conf`
          <artifactId>spring-boot-starter-web</artifactId>
          <artifactId>grpc-netty</artifactId>
        `,
        'src/main/resources/application.properties': 'server.port=8080\n',
      },
    },
    {
      title: 'the port that is bound',
      files: {
        'compose.yaml': compose(conf`
          environment:
            VIRTUAL_HOST: example.org
            VIRTUAL_PORT: 8000
          ports: ["8080:8000"]
        `),
      },
    },
    {
      title: 'a health check of the port, on the loopback that it has',
      files: {
        'compose.yaml': compose(
          conf`
            healthcheck:
              test: ["CMD", "curl", "-f", "http://127.0.0.1:8000/"]
          `,
          'gunicorn shop.wsgi',
        ),
      },
    },
    {
      title: 'a port besides, of a debugger or the like',
      files: { 'compose.yaml': compose('ports: ["8000:8000", "5678:5678"]') },
    },
    {
      title: 'a port besides, where a proxy finds the right one',
      files: {
        'compose.yaml': compose(conf`
          environment:
            VIRTUAL_HOST: example.org
            VIRTUAL_PORT: 8000
          ports: ["12348:12345"]
        `),
      },
    },
    {
      title: 'a container to log in to',
      files: { 'compose.yaml': compose('ports: ["62202:8081", "62203:22"]') },
    },
    {
      title: 'images with a port of their own, by the tag or the name',
      files: {
        'compose.yaml': conf`
          services:
            cloud:
              image: owncloud/server:10.15
              ports: ["8080:8080"]
              environment:
                OWNCLOUD_DOMAIN: cloud.example.org
            web:
              image: nginx:1.27
              volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
            tables:
              image: phpmyadmin:5-fpm
        `,
        'site.conf': conf`
          server {
              listen 80;
              location / {
                  fastcgi_param SCRIPT_FILENAME /var/www/html/index.php;
                  fastcgi_pass tables:9000;
              }
          }
        `,
      },
    },
    {
      title: 'images that are told another port, or may be',
      files: {
        'compose.yaml': conf`
          services:
            pgadmin:
              image: dpage/pgadmin4
              environment:
                PGADMIN_LISTEN_PORT: 5050
              ports: ["5050:5050"]
            db:
              image: mysql:8
              command: --port=3307
              ports: ["3307:3307"]
            cache:
              image: redis:7
              command: redis-server /usr/local/etc/redis/redis.conf
              volumes: ["./redis.conf:/usr/local/etc/redis/redis.conf"]
              ports: ["6380:6380"]
            tomcat:
              image: tomcat:10
              volumes: ["./server.xml:/usr/local/tomcat/conf/server.xml"]
              ports: ["80:8081"]
            portainer:
              image: portainer/portainer-ce
              ports: ["9443:9443", "8000:8000"]
        `,
      },
    },
    {
      title: 'a server on the network of the container',
      files: {
        'compose.yaml': conf`
          ${compose('ports: ["80:80"]', 'gunicorn --bind 127.0.0.1:8000 shop.wsgi')}
            front:
              image: caddy:2
              network_mode: service:web
        `,
      },
    },
    {
      title: 'Redis with a port of a command, or of a file',
      files: {
        'compose.yaml': conf`
          services:
            cache:
              image: redis:7
              command: redis-server --port 6399
              ports: ["6399:6399"]
            queue:
              image: redis:7
              command: [redis-server, /etc/redis/redis.conf]
              volumes: ["./redis:/etc/redis"]
              ports: ["6400:6400"]
              healthcheck:
                test: redis-cli -p 6400 ping
        `,
      },
    },
    {
      title: 'a command that nobody knows',
      files: { 'compose.yaml': compose('ports: ["80:5000"]', './start.sh') },
    },
    {
      title: 'commands of Flask in a file that is called as Django’s',
      files: {
        'compose.yaml': compose('ports: ["80:5000"]', 'python manage.py runserver').replace(
          'image: example/shop',
          'build: .',
        ),
        'manage.py': conf`
          from flask_script import Manager, Server
          from shop import application

          manager = Manager(application)
          manager.add_command("runserver", Server(host="0.0.0.0", port=5000))
          manager.run()
        `,
        Dockerfile: conf`
          FROM python:3.8
          WORKDIR /app
          COPY . .
        `,
      },
    },
    {
      title: 'another image of an override that is to be copied',
      files: {
        'compose.yaml': nginx('ports: ["80:3000"]'),
        'compose.override.example.yaml': conf`
          services:
            web:
              build: ./front
        `,
        'site.conf': static80('80'),
      },
    },
    {
      title: 'a port from the environment',
      files: { 'compose.yaml': compose('ports: ["80:5000"]', 'gunicorn --bind 0.0.0.0:$$PORT shop.wsgi') },
    },
  ],
  *check(deployment) {
    yield* healthChecksOfPort80(deployment)
    for (const { machine, name, opened, isServer } of openers(deployment)) {
      if (machine.container !== null && mayBeOverridden(machine.container)) continue
      const listens = [...new Set(opened.map(formatEndpoint))].join(' and ')
      const mayOpen = (port: number): boolean => isServer && exposesBesides(machine.container, port, opened)
      for (const { at, port, proxy } of unclaimedIn(deployment).get(machine) ?? [])
        if (!opened.some(each => each.port === port) && !mayOpen(port))
          yield {
            at,
            message: `${proxy} connects to port ${port} of the container \`${machine.container!.service.name}\`, where ${name} listens on ${listens}`,
            label: 'nothing listens there',
            related: opened.map(each => ({ at: each.at, message: `${name} listens here` })),
          }
      const claims = claimsOf(machine.container)
      // It is made to work in: what runs in it is started by hand.
      if (claims.some(({ first, last }) => first <= 22 && last >= 22)) continue
      // What a proxy finds, or is published, is what it is there for: a port besides is a debugger's or the like.
      const isAnyRight = claims.some(
        ({ isInside, first, last }) =>
          !isInside && opened.some(({ port }) => port! >= first && port! <= last),
      )
      const reached = (port: number | null): boolean =>
        claims.some(({ isInside, first, last }) => !isInside && port! >= first && port! <= last)
      for (const { at, first, last, text, isPublished, host, isInside, isAskedBySix = false } of claims) {
        const right = opened.filter(({ port }) => port! >= first && port! <= last)
        if (right.length === 0 && ((isPublished && DEBUGGERS.has(first)) || mayOpen(first))) continue
        // A published port of the web that nginx opens by that very number, or for TLS, is meant to lead there.
        const isSlip = opened.some(
          ({ port, protocol }) =>
            name === 'nginx' &&
            !reached(port) &&
            (port === host || (host === 443 && protocol?.known === true && protocol.value === 'https')),
        )
        const isBesides = isPublished && isAnyRight && !isSlip
        // In the image of nginx itself nothing else runs, and who publishes port 80 means the site.
        const isSites = name === 'nginx' && first === 80 && isStockNginx(machine.container)
        if (right.length === 0 && (!isBesides || isSites)) {
          yield {
            at,
            ...(isBesides && { severity: 'warning' as const }),
            message: `${text}, and ${name} listens on ${listens}`,
            label: 'nothing listens there',
            related: opened.map(each => ({ at: each.at, message: `${name} listens here` })),
          }
          continue
        }
        if (isInside && isAskedBySix && right.length > 0 && right.every(isOfFour)) {
          yield {
            at,
            severity: 'warning' as const,
            confidence: 'medium' as const,
            message: `the wget of Alpine asks the first address of \`localhost\` alone, which is ::1, and ${name} listens on ${listens}: Connection refused`,
            label: 'IPv6 first',
            related: right.map(each => ({ at: each.at, message: `${name} listens here` })),
            help: 'Write `127.0.0.1`',
          }
          continue
        }
        const [only] = right
        // Of published ports that is `containers/loopback-published`; a health check runs inside.
        if (
          isPublished ||
          isInside ||
          only === undefined ||
          !right.every(({ address }) => isLoopback(address) === true)
        )
          continue
        yield {
          at: only.at,
          message: `${name} listens on \`${formatEndpoint(only)}\` of the container, which no proxy in another container reaches`,
          label: 'the loopback of the container',
          related: [{ at, message: 'a proxy connects to this port' }],
          help: `Bind \`0.0.0.0:${only.port}\``,
        }
      }
    }
  },
})

/** True for the official image as it is, which starts nginx alone. */
function isStockNginx(container: Machine['container']): boolean {
  if (container === null || !isNginxImage(container.base)) return false
  const { build, command, entrypoint } = container.service
  return build === null && command === null && entrypoint === null
}

/** Where debuggers of Node.js, Java and Python wait, which a variable may start. */
const DEBUGGERS: ReadonlySet<number> = new Set([9229, 9230, 5005, 5678])
