import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { formatEndpoint } from '../../../src/servers/address.ts'
import { deploymentOf, deploymentsOf } from '../../rules/audit-files.ts'

const site = (target: string): string => conf`
  server {
      listen 80;
      location / {
          proxy_pass http://${target};
      }
  }
`
const compose = (lines: { web?: string; nginx?: string; more?: string }): string => conf`
  services:
    web:
      image: example/shop
      command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
      ${lines.web ?? ''}
    nginx:
      image: nginx:1.27
      volumes:
        - ./nginx/site.conf:/etc/nginx/conf.d/site.conf:ro
      ${lines.nginx ?? ''}
  ${lines.more ?? ''}
`

/** Where the first target leads, and on which machine that is. */
function destination(texts: Readonly<Record<string, string>>): string {
  const [connection] = deploymentOf(texts).connections.nginx
  const to = connection?.targets[0]?.to
  if (to?.kind !== 'listener') return to?.kind ?? 'none'
  return `${to.listener.program.machine.name} ${formatEndpoint(to.listener)}`
}

test('a service is reached by its name and the port of the container', () => {
  const texts = (target: string) => ({ 'docker-compose.yml': compose({}), 'nginx/site.conf': site(target) })
  assert.is(destination(texts('web:8000')), 'web 0.0.0.0:8000')
  assert.is(destination(texts('web:8001')), 'refused')
  assert.is(destination(texts('other:8000')), 'unknown')
  assert.is(destination(texts('127.0.0.1:8000')), 'unclaimed')
})

test('by its aliases and the name of its container', () => {
  const web = conf`
    container_name: Shop
    networks:
      back:
        aliases: [app]
  `
  const texts = (target: string) => ({
    'compose.yaml': compose({ web, nginx: 'networks: [back]' }),
    'nginx/site.conf': site(target),
  })
  assert.is(destination(texts('app:8000')), 'web 0.0.0.0:8000')
  assert.is(destination(texts('shop:8000')), 'web 0.0.0.0:8000')
})

test('not without a network of both', () => {
  const texts = {
    'compose.yaml': compose({ web: 'networks: [back]', nginx: 'networks: [front]' }),
    'nginx/site.conf': site('web:8000'),
  }
  assert.is(destination(texts), 'unknown')
})

const two = (edge: string, inner: string): string => conf`
  services:
    edge:
      image: nginx:1.27
      volumes: ["${edge}:/etc/nginx/conf.d/default.conf:ro"]
    inner:
      image: nginx:1.27
      volumes: ["${inner}:/etc/nginx/conf.d/default.conf:ro"]
`

test('servers of two containers are one deployment, wherever their files lie', () => {
  for (const [edge, inner] of [
    ['./edge/default.conf', './inner/default.conf'],
    ['./nginx/edge.conf', './nginx/inner.conf'],
  ] as const) {
    const texts = {
      'compose.yaml': two(edge, inner),
      [edge.slice(2)]: site('inner'),
      [inner.slice(2)]: 'server {\n    listen 80;\n    root /srv/www;\n}\n',
    }
    assert.is(destination(texts), 'inner 0.0.0.0:80')
    assert.is(deploymentsOf(texts).length, 1)
  }
})

test('a main file is joined to the fragments of other containers, and an Apache to an nginx', () => {
  const texts = {
    'compose.yaml': conf`
      services:
        edge:
          build: ./edge
        pages:
          image: httpd:2.4
          volumes: ["./pages/site.conf:/usr/local/apache2/conf/extra/site.conf"]
    `,
    'edge/Dockerfile': 'FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/nginx.conf\n',
    'edge/nginx.conf': `events {\n}\nhttp {\n${site('pages:8080')}}\n`,
    'pages/site.conf': 'Listen 8080\n<VirtualHost *:8080>\n    ServerName example.org\n</VirtualHost>\n',
  }
  assert.is(destination(texts), 'pages [::]:8080')
})

test('alternatives of one container stay apart', () => {
  const server = 'server {\n    listen 80;\n    root /srv/www;\n}\n'
  const variants = {
    'compose.yaml': two('./nginx/dev.conf', './inner/default.conf'),
    'compose.prod.yaml': two('./nginx/prod.conf', './inner/default.conf'),
    'nginx/dev.conf': site('inner'),
    'nginx/prod.conf': site('inner'),
    'inner/default.conf': server,
  }
  assert.is(deploymentsOf(variants).length, 2)
})

test('what listens on the loopback of its container refuses the others', () => {
  const texts = {
    'compose.yaml': compose({}).replace('0.0.0.0', '127.0.0.1'),
    'nginx/site.conf': site('web:8000'),
  }
  assert.is(destination(texts), 'refused')
})

test('an nginx that no service brings runs on the host, where ports are published', () => {
  const nginx = (target: string) => ({
    'etc/nginx/nginx.conf': `events {\n}\nhttp {\n${site(target)}}\n`,
    'srv/shop/docker-compose.yml': conf`
      services:
        web:
          image: example/shop
          command: gunicorn --bind 0.0.0.0:8000 shop.wsgi
          ports:
            - "127.0.0.1:8080:8000"
    `,
  })
  assert.is(destination(nginx('127.0.0.1:8080')), 'web 0.0.0.0:8000')
  assert.is(destination(nginx('127.0.0.1:8000')), 'unclaimed')
  assert.is(destination(nginx('web:8000')), 'unknown')
})

test('a published port of the host leads to the nginx of a container, which has its own files and not those of the host', () => {
  const deployments = deploymentsOf({
    'etc/nginx/nginx.conf': `events {\n}\nhttp {\n    include mime.types;\n${site('127.0.0.1:8080')}}\n`,
    'etc/nginx/mime.types': 'types {\n    text/html html;\n}\n',
    'etc/nginx/snippets/more.conf': 'proxy_set_header Host $host;\n',
    'srv/shop/compose.yaml': compose({ nginx: 'ports: ["127.0.0.1:8080:80"]' }),
    'srv/shop/nginx/site.conf': site('web:8000'),
  })
  const ways = deployments.flatMap(({ connections }) => connections.nginx.flatMap(({ targets }) => targets))
  assert.equal(
    ways.map(({ to }) => (to.kind === 'listener' ? to.listener.program.machine.name : to.kind)),
    ['nginx', 'web'],
  )
})

test('such a port leads to the virtual host of the container by the port that is open there', () => {
  const apache = {
    Dockerfile: conf`
      FROM php:8.3-apache
      COPY docker/site.conf /etc/apache2/sites-available/000-default.conf
    `,
    'docker/site.conf': '<VirtualHost *:80>\n    DocumentRoot /var/www/html\n</VirtualHost>\n',
  }
  const app = conf`
    services:
      app:
        build: .
        ports: ["127.0.0.1:8081:80"]
  `
  for (const compose of [
    { 'docker-compose.yml': app },
    // Of two projects, or beside the nginx of a container, the port tells which one is meant.
    {
      'docker-compose.yml': app,
      'jobs/docker-compose.yml': 'services:\n  worker:\n    image: example/worker\n',
    },
    {
      'docker-compose.yml': conf`
        ${app}
          media:
            image: nginx:1.27
            volumes: ["./deploy/media.conf:/etc/nginx/conf.d/default.conf:ro"]
      `,
      'deploy/media.conf': 'server {\n    listen 80;\n    root /srv/media;\n}\n',
    },
  ]) {
    const named = site('127.0.0.1:8081;\n        proxy_set_header Host shop')
    const deployments = deploymentsOf({ ...compose, ...apache, 'deploy/site.conf': named })
    const reached = deployments.flatMap(({ connections }) =>
      connections.nginx.flatMap(each => connections.hostsReachedBy(each)),
    )
    assert.is(reached.length, 1)
    assert.is(reached[0]?.certain, true)
  }
})

test('a project of several that brings no file of a server is a deployment of its own', () => {
  const worker = conf`
    services:
      worker:
        image: example/worker
  `
  const services = (texts: Readonly<Record<string, string>>): unknown =>
    deploymentsOf(texts).map(({ machines }) => machines.map(({ name }) => name))
  assert.equal(
    services({
      'docker-compose.yml': compose({}),
      'jobs/docker-compose.yml': worker,
      'nginx/site.conf': site('web:8000'),
    }),
    [['web', 'nginx'], ['worker']],
  )
  assert.equal(
    services({
      'a/docker-compose.yml': worker,
      'b/docker-compose.yml': worker,
      'nginx/site.conf': site('web:8000'),
    }),
    [[null], ['worker'], ['worker']],
  )
})

test('a Dockerfile brings the configuration and says what the service starts', () => {
  const texts = {
    'docker-compose.yml': conf`
      services:
        web:
          build: ./web
        proxy:
          build:
            context: .
            dockerfile: nginx/Dockerfile
    `,
    'nginx/Dockerfile': conf`
      FROM nginx:1.27
      COPY nginx/site.conf /etc/nginx/conf.d/
    `,
    'nginx/site.conf': site('web:9001'),
    'web/Dockerfile': conf`
      FROM python:3.12
      WORKDIR /app
      COPY . .
      CMD ["./start.sh"]
    `,
    'web/start.sh':
      '#!/bin/sh\nset -e\npython manage.py migrate\nexec uvicorn --host 0.0.0.0 --port 9001 shop:app\n',
  }
  assert.is(destination(texts), 'web 0.0.0.0:9001')
  const [nginx] = deploymentOf(texts).nginx
  assert.is(nginx === undefined ? null : deploymentOf(texts).machines.length, 2)
})

test('a file that is laid over the main one changes its services', () => {
  const texts = {
    'docker-compose.yml': compose({}),
    'docker-compose.prod.yml': conf`
      services:
        web:
          command: gunicorn --bind 0.0.0.0:9002 shop.wsgi
    `,
    'nginx/site.conf': site('web:8000'),
  }
  assert.is(destination(texts), 'web 0.0.0.0:8000')
})

test('to the port that an image of Apache opens by itself, unless its build tells it another', () => {
  const texts = (dockerfile: string, port = 80) => ({
    'compose.yaml': conf`
      services:
        web:
          build: ./web
        nginx:
          image: nginx:1.27
          volumes: ["./nginx/site.conf:/etc/nginx/conf.d/site.conf:ro"]
    `,
    'nginx/site.conf': site(`web:${port}`),
    'web/Dockerfile': dockerfile,
    'web/site.conf': conf`
      <VirtualHost *:${port}>
          DocumentRoot /var/www/html
          <Directory /var/www/html>
              Require all granted
          </Directory>
      </VirtualHost>
    `,
  })
  const copy = 'COPY site.conf /etc/apache2/sites-available/000-default.conf'
  assert.is(destination(texts(`FROM php:8.3-apache\n${copy}\n`)), 'web [::]:80')
  assert.is(destination(texts(`FROM php:8.3-apache\n${copy}\nCMD ["apache2-foreground"]\n`)), 'web [::]:80')
  assert.is(destination(texts(`FROM php:8.3-apache\n${copy}\n`, 8080)), 'unclaimed')
  assert.is(destination(texts(`FROM example/apache\n${copy}\n`)), 'unclaimed')
  assert.is(
    destination(texts(`FROM php:8.3-apache\nRUN sed -i s/80/81/ /etc/apache2/ports.conf\n${copy}\n`)),
    'unclaimed',
  )
})

test.run()
