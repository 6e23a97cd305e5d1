import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import { setsOfContainers } from '../../../src/deployment/containers/brought-files.ts'
import { readProjects } from '../../../src/deployment/containers/read-projects.ts'
import type { FileSystem } from '../../../src/files/file-system.ts'
import { STAND_IN } from '../../../parsers/text/stand-in.ts'
import { deploymentsOf, machineOf } from '../../rules/audit-files.ts'

type Texts = Readonly<Record<string, string>>

const compose = (...volumes: readonly string[]): string => conf`
  services:
    web:
      image: example/shop
    nginx:
      image: nginx:1.27
      volumes: [${volumes.map(each => `"${each}"`).join(', ')}]
`
const main = (include: string): string => conf`
  events {
  }
  http {
      upstream shop {
          server web:8000;
      }
      include ${include};
  }
`
const site = (lines = ''): string => conf`
  server {
      listen 8080;
      ${lines}
      location / {
          proxy_pass http://shop;
      }
  }
`

/** The files that each server reads, of all deployments. */
function read(texts: Texts): readonly (readonly string[])[] {
  return deploymentsOf(texts).flatMap(({ nginx, apache }) =>
    [...nginx, ...apache].map(({ sources }) => sources.map(({ path }) => path)),
  )
}

/** Those of a repository: the image of nginx has some besides. */
function written(paths: readonly string[] = []): readonly string[] {
  return paths.filter(path => !path.startsWith(STAND_IN))
}

test('a main file includes what its container has mounted from elsewhere', () => {
  const texts = {
    'compose.yaml': compose(
      './nginx/nginx.conf:/etc/nginx/nginx.conf:ro',
      './nginx/vhosts:/etc/nginx/sites-enabled:ro',
    ),
    'nginx/nginx.conf': main('/etc/nginx/sites-enabled/*'),
    'nginx/vhosts/shop': site(),
  }
  assert.equal(read(texts), [['/nginx/nginx.conf', '/nginx/vhosts/shop']])
  assert.equal(read({ ...texts, 'nginx/nginx.conf': main('sites-enabled/*') }), [
    ['/nginx/nginx.conf', '/nginx/vhosts/shop'],
  ])
})

test('one file that is mounted among those of a directory is what a pattern finds', () => {
  const texts = {
    'compose.yaml': compose(
      './nginx/nginx.conf:/etc/nginx/nginx.conf:ro',
      './nginx/prod.conf:/etc/nginx/conf.d/default.conf:ro',
    ),
    'nginx/nginx.conf': main('/etc/nginx/conf.d/*.conf'),
    'nginx/prod.conf': site(),
    'nginx/conf.d/other.conf': site(),
  }
  assert.equal(read(texts)[0], ['/nginx/nginx.conf', '/nginx/prod.conf'])
})

test('a Dockerfile that no compose file builds says where its files stand', () => {
  const texts = {
    Dockerfile: conf`
      FROM node:22 AS pages
      COPY . .
      RUN npm run build
      FROM nginx:1.27
      COPY deploy/nginx.conf /etc/nginx/nginx.conf
      COPY deploy/vhosts/ /etc/nginx/sites-enabled/
      COPY --from=pages /app/dist /usr/share/nginx/html
    `,
    'deploy/nginx.conf': main('/etc/nginx/sites-enabled/*.conf'),
    'deploy/vhosts/shop.conf': site(),
  }
  assert.equal(read(texts), [['/deploy/nginx.conf', '/deploy/vhosts/shop.conf']])
})

test('a directory that is copied to the root has everything at its place', () => {
  const texts = {
    Dockerfile: 'FROM alpine:3.22\nRUN apk add --no-cache nginx\nCOPY rootfs/ /\n',
    'rootfs/etc/nginx/nginx.conf': main('/etc/nginx/http.d/*.conf'),
    'rootfs/etc/nginx/http.d/shop.conf': site('include /srv/nginx/tls.inc;'),
    'rootfs/srv/nginx/tls.inc': 'ssl_protocols TLSv1.3;\n',
  }
  assert.equal(
    read(texts)[0],
    Object.keys(texts).flatMap(path => (path === 'Dockerfile' ? [] : [`/${path}`])),
  )
})

test('a fragment includes what its container has, by a whole path and by one from /etc/nginx', () => {
  for (const path of ['/etc/nginx/common/tls.inc', 'common/tls.inc']) {
    const texts = {
      'compose.yaml': compose('./conf:/etc/nginx/conf.d', './shared:/etc/nginx/common'),
      'conf/shop.conf': site(`include ${path};`),
      'shared/tls.inc': 'ssl_protocols TLSv1.3;\nssl_session_cache shared:tls:1m;\n',
    }
    assert.equal(written(read(texts)[0]), ['/conf/shop.conf', '/shared/tls.inc'])
  }
})

test('what the image of nginx fills in is included by its name without .template', () => {
  const texts = {
    'compose.yaml': compose(
      './nginx.conf:/etc/nginx/nginx.conf:ro',
      './templates/shop.conf.template:/etc/nginx/templates/shop.conf.template:ro',
    ),
    'nginx.conf': main('/etc/nginx/conf.d/*.conf'),
    'templates/shop.conf.template': site('server_name ${SHOP_NAME};'),
  }
  assert.equal(written(read(texts)[0]), ['/nginx.conf', '/templates/shop.conf.template'])
})

/** Sets of one file each, as the containers of a repository read them. */
function sets(texts: Texts, ...paths: readonly string[]): readonly (readonly string[])[] {
  const { repository } = machineOf(texts)
  if (repository === undefined) throw new RangeError('no compose file')
  const alone = paths.map(path => ({ nginx: [path], apache: [], joint: true }))
  return setsOfContainers(alone, repository, readProjects(repository)).map(({ nginx }) => nginx)
}

test('the stock main file reads together what stands in conf.d', () => {
  const texts = (services: string): Texts => ({
    'compose.yaml': services,
    'shop/site.conf': site(),
    'upstreams/shop.conf': 'upstream shop {\n    server web:8000;\n}\n',
  })
  const paths = ['/shop/site.conf', '/upstreams/shop.conf'] as const
  const both = compose(
    './shop/site.conf:/etc/nginx/conf.d/site.conf',
    './upstreams:/etc/nginx/conf.d/upstreams',
    './upstreams/shop.conf:/etc/nginx/conf.d/upstream.conf',
  )
  assert.equal(sets(texts(both), ...paths), [paths])
  // Nobody knows what another image includes,
  assert.is(sets(texts(both.replace('nginx:1.27', 'example/nginx')), ...paths).length, 2)
  // the stock main file reads nothing below,
  assert.is(sets(texts(both.replace('/upstream.conf', '/below/upstream.conf')), ...paths).length, 2)
  // and two containers have nothing together.
  const apart = conf`
    services:
      shop:
        image: nginx:1.27
        volumes: ["./shop/site.conf:/etc/nginx/conf.d/site.conf"]
      blog:
        image: nginx:1.27
        volumes: ["./upstreams/shop.conf:/etc/nginx/conf.d/upstream.conf"]
  `
  assert.is(sets(texts(apart), ...paths).length, 2)
})

test('Apache includes what its container has', () => {
  const texts = {
    'compose.yaml': conf`
      services:
        pages:
          image: httpd:2.4
          volumes:
            - ./httpd/httpd.conf:/usr/local/apache2/conf/httpd.conf
            - ./vhosts:/usr/local/apache2/conf/sites
    `,
    'httpd/httpd.conf': conf`
      ServerRoot "/usr/local/apache2"
      Listen 80
      LoadModule mpm_event_module modules/mod_mpm_event.so
      IncludeOptional conf/sites/*.conf
    `,
    'vhosts/shop.conf': '<VirtualHost *:80>\n    ServerName example.org\n</VirtualHost>\n',
  }
  assert.equal(read(texts), [['/httpd/httpd.conf', '/vhosts/shop.conf']])
})

test('a fragment of Apache that another one includes by the place in the container is read once', () => {
  const texts = {
    'compose.yaml': conf`
      services:
        pages:
          build: ./apache
          volumes: ["./apache/sites:/etc/apache2/sites-available"]
    `,
    'apache/Dockerfile': 'FROM debian:12\nCOPY all.conf /etc/apache2/sites-enabled/all.conf\n',
    'apache/all.conf': 'Include /etc/apache2/sites-available/*.conf\n',
    'apache/sites/shop.conf': '<VirtualHost *:80>\n    ServerName example.org\n</VirtualHost>\n',
  }
  const [{ apache: [server] = [] } = { apache: [] }] = deploymentsOf(texts)
  assert.is(server?.occurrences.get('servername')?.length, 1)
})

test('what stands where no server looks by itself has its neighbours there, too', () => {
  const texts = {
    Dockerfile: conf`
      FROM nginx:1.27
      COPY files/nginx/ /usr/share/shop/nginx/
      CMD ["/scripts/start.sh"]
    `,
    'files/nginx/shop.conf': site('include /usr/share/shop/nginx/tls.inc;'),
    'files/nginx/tls.inc': 'ssl_protocols TLSv1.3;\n',
  }
  assert.equal(read(texts)[0], ['/files/nginx/shop.conf', '/files/nginx/tls.inc'])
})

test('a file that is copied to a directory becomes a part of it', () => {
  const texts = (copy: string): Texts => ({
    'compose.yaml': 'services:\n  web:\n    build: .\n',
    Dockerfile: `FROM php:8.3-apache\nWORKDIR /srv\n${copy}\n`,
    '.htaccess': 'Options -Indexes\n',
    'site.conf': '<VirtualHost *:80>\n    DocumentRoot /srv/www/public\n</VirtualHost>\n',
  })
  const files = (copy: string): FileSystem | undefined =>
    deploymentsOf(texts(copy))
      .flatMap(({ machines }) => machines)
      .find(({ container }) => container !== null)?.files
  assert.is(files('COPY .htaccess /srv/www/public')?.kind('/srv/www/public/.htaccess'), 'file')
  assert.is(files('COPY site.conf /srv')?.kind('/srv/site.conf'), 'file')
  assert.is(files('COPY .htaccess /srv/www/\nCOPY site.conf /srv/www')?.kind('/srv/www/site.conf'), 'file')
  assert.is(files('COPY site.conf /etc/apache2/sites')?.kind('/etc/apache2/sites'), 'file')
})

test('all that an image puts where its Apache reads it is read by one', () => {
  const dockerfile = conf`
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y apache2
    COPY apache/remoteip.conf /etc/apache2/conf-available/remoteip.conf
    COPY apache/shop.conf /etc/apache2/sites-available/000-default.conf
    RUN a2enmod remoteip && a2enconf remoteip
    CMD ["apache2ctl", "-D", "FOREGROUND"]
  `
  const texts = {
    'compose.yaml': 'services:\n  web:\n    build: .\n    ports: ["80:80"]\n',
    Dockerfile: dockerfile,
    'apache/remoteip.conf': 'RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 172.16.0.0/12\n',
    'apache/shop.conf': '<VirtualHost *:80>\n    ServerName example.org\n</VirtualHost>\n',
  }
  const paths = ['/apache/remoteip.conf', '/apache/shop.conf']
  const { repository } = machineOf(texts)
  if (repository === undefined) throw new RangeError('no compose file')
  const alone = paths.map(path => ({ nginx: [], apache: [path], joint: false }))
  assert.equal(
    setsOfContainers(alone, repository, readProjects(repository)).map(({ apache }) => apache),
    [paths],
  )
})

test.run()
