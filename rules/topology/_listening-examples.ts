import { conf } from '../../src/engine/conf.ts'
import { apacheSite, nginxMain } from '../_examples.ts'
import { phpSite } from '../php/_examples.ts'

export const nginx = (target: string): string => phpSite('', '', target)

export const pool = (listen: string): string => conf`
  [www]
  user = www-data
  group = www-data
  listen = ${listen}
  listen.owner = www-data
  listen.group = www-data
  pm = static
  pm.max_children = 5
`

export const gunicorn = (target: string, marked = false): string => conf`
  events {
  }
  http {
      server {
          listen 80;
          server_name example.org;
          location / {
              proxy_pass ${marked ? `«http://${target}»` : `http://${target}`};
          }
      }
  }
`

/** nginx with the static files of an application, what it proxies to it, and Flower. */
export const secondBackend = (application: string | null): string =>
  nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        location /static/ {
            alias /etc/shop/static/;
        }
        location /flower/ {
            proxy_pass http://127.0.0.1:5555;
        }
        ${application === null ? '' : `location / { proxy_pass http://${application}; }`}
    }
  `)

/** Apache in front, with the modules that a proxy needs. */
export const apache = (lines: string): string =>
  apacheSite(lines, ['proxy', 'proxy_http', 'proxy_fcgi', 'dir', 'alias'])

export const VITE = (lines: string): string => `export default { server: { ${lines} } }\n`

/** A front end that npm starts in a container, with the command of its package, and nginx in another one. */
export const developed = (
  command: string,
  target: string,
  more: Record<string, string>,
  words: string | null = null,
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
      frontend:
        image: node:22
        working_dir: /app
        command: npm run dev${words ?? ''}
        volumes:
          - ./frontend:/app
  `,
  'site.conf': conf`
    server {
        listen 80;
        location / {
            proxy_pass ${words === null ? `«http://${target}»` : `http://${target}`};
        }
    }
  `,
  'frontend/package.json': `{ "scripts": { "dev": "${command}" } }\n`,
  ...more,
})

/** A program that a Dockerfile builds, in a container of its own, and nginx in another one. */
export const built = (
  dockerfile: string,
  target: string,
  more: Record<string, string>,
  environment = 'LOG_LEVEL: info',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
      api:
        build: ./api
        environment:
          ${environment}
  `,
  'site.conf': conf`
    server {
        listen 80;
        location / {
            proxy_pass ${target};
        }
    }
  `,
  'api/Dockerfile': dockerfile,
  ...more,
})

export const DOTNET = conf`
  FROM mcr.microsoft.com/dotnet/aspnet:8.0
  WORKDIR /app
  COPY . .
  ENTRYPOINT ["dotnet", "Api.dll"]
`

export const PROGRAM_CS = { 'api/Program.cs': 'WebApplication.CreateBuilder(args).Build().Run();\n' }

export const JAVA = conf`
  FROM eclipse-temurin:21-jre
  COPY target/api.jar /api.jar
  ENTRYPOINT ["java", "-jar", "/api.jar"]
`

export const POM = { 'api/pom.xml': '<artifactId>spring-boot-starter-web</artifactId>\n' }

export const GO = conf`
  FROM golang:1.23 AS build
  WORKDIR /src
  COPY . .
  RUN CGO_ENABLED=0 go build -o /bin/api .
  FROM alpine:3.20
  COPY --from=build /bin/api /bin/api
  CMD ["/bin/api"]
`

export const goServes = (line: string): string => conf`
  package main

  import "net/http"

  func main() {
      ${line}
  }
`

export const goListens = (address: string): Record<string, string> => ({
  'api/main.go': goServes(`http.ListenAndServe("${address}", nil)`),
})

export const FASTIFY = conf`
  FROM node:22
  WORKDIR /app
  COPY . .
  CMD ["node", "index.js"]
`

export const fastifyListens = (options: string): Record<string, string> => ({
  'api/index.js': conf`
    const fastify = require('fastify')({ logger: true })
    fastify.get('/', async () => 'ok')
    fastify.listen({ ${options} })
  `,
})

export const NEXT = conf`
  FROM node:22 AS build
  WORKDIR /app
  COPY . .
  RUN npm run build
  FROM node:22
  WORKDIR /app
  COPY --from=build /app/.next/standalone ./
  CMD ["node", "server.js"]
`

export const fastcgiTo = (target: string): string => conf`
  server {
      listen 80;
      root /var/www/html;
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass ${target};
      }
  }
`

/** nginx, and beside it a container with the PHP-FPM of a distribution's packages. */
export const packagedFpm = (
  dockerfile: string,
  listen: string,
  pass = 'php:9000',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      php:
        build: ./php
        volumes: ["run:/run/php"]
      nginx:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf
          - run:/run/php
    volumes:
      run:
  `,
  'php/Dockerfile': dockerfile,
  'php/pool.conf': conf`
    [www]
    user = www-data
    group = www-data
    listen = ${listen}
    pm = ondemand
    pm.max_children = 5
  `,
  'site.conf': conf`
    server {
        listen 80;
        root /srv/shop/public;
        location = /index.php {
            include fastcgi_params;
            fastcgi_param SCRIPT_FILENAME /srv/shop/public/index.php;
            fastcgi_pass ${pass};
        }
    }
  `,
})
