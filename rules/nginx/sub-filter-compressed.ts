import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, djangoProject, nginxMain, nginxServer } from '../_examples.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import type { Place } from '../../parsers/text/source.ts'
import { type ApacheDirective, isModuleLoaded } from '../../src/servers/apache/configuration.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          proxy_pass http://127.0.0.1:9000;
          ${lines}
          sub_filter 'http://inner' 'https://example.org';
      }
    `),
  )

const COMPRESSING = apacheMain(
  conf`
    Listen 127.0.0.1:9000
    TypesConfig /etc/mime.types
    AddOutputFilterByType DEFLATE text/html text/css
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        DocumentRoot /srv/www
    </VirtualHost>
  `,
  ['filter', 'deflate', 'mime'],
)

const express = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginx(lines),
  'etc/systemd/system/wiki.service': conf`
    [Service]
    WorkingDirectory=/srv/wiki
    ExecStart=/usr/bin/node server.js
  `,
  'srv/wiki/server.js': conf`
    const express = require('express')
    const compression = require('compression')
    const app = express()
    app.use(compression())
    app.get('/', (req, res) => res.send('<html>'))
    app.listen(9000, '127.0.0.1')
  `,
})

export default defineRule({
  summary: '`sub_filter` changes nothing in what the backend compresses',
  severity: 'info',
  otherSeverities: { warning: 'where the backend is known to compress: Apache, Express or Django' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers offer gzip, and nginx passes the offer on. What comes back compressed goes to the client as it is: the text that is to be replaced does not stand in it.',
  remedy: 'Write `proxy_set_header Accept-Encoding "";`, so that the backend compresses nothing',
  references: ['https://nginx.org/en/docs/http/ngx_http_sub_module.html'],
  bad: [
    {
      title: 'the offer sent on',
      files: { 'etc/nginx/nginx.conf': nginx('').replace('sub_filter', '«sub_filter»') },
    },
    {
      title: 'the offer written out',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Accept-Encoding $http_accept_encoding;').replace(
          'sub_filter',
          '«sub_filter»',
        ),
      },
    },
    {
      title: 'gzip asked for',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Accept-Encoding gzip;').replace(
          'sub_filter',
          '«sub_filter»',
        ),
      },
    },
    {
      title: 'Express compresses',
      files: Object.fromEntries(
        Object.entries(express('')).map(([path, text]) => [path, text.replace('sub_filter', '«sub_filter»')]),
      ),
    },
    {
      title: 'Django compresses',
      files: {
        'etc/nginx/nginx.conf': nginx('').replace('sub_filter', '«sub_filter»'),
        'etc/systemd/system/shop.service': conf`
          [Service]
          WorkingDirectory=/opt/shop
          ExecStart=/usr/bin/gunicorn -b 127.0.0.1:9000 shop.wsgi
        `,
        ...djangoProject('MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware"]'),
      },
    },
    {
      title: 'Apache compresses, and nginx unpacks for clients without gzip alone',
      files: {
        'etc/nginx/nginx.conf': nginx('gunzip on;').replace('sub_filter', '«sub_filter»'),
        'etc/apache2/apache2.conf': COMPRESSING,
      },
    },
    {
      title: 'the main server of an Apache in a container compresses',
      files: {
        'docker-compose.yml': conf`
          services:
            proxy:
              image: nginx:1.27
              ports: ["80:80"]
              volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
            old:
              image: httpd:2.4
              volumes: ["./httpd.conf:/usr/local/apache2/conf/httpd.conf:ro"]
        `,
        'nginx.conf': nginx('').replace('sub_filter', '«sub_filter»').replace('127.0.0.1:9000', 'old'),
        'httpd.conf': conf`
          Listen 80
          LoadModule filter_module modules/mod_filter.so
          LoadModule deflate_module modules/mod_deflate.so
          DocumentRoot /usr/local/apache2/htdocs
          AddOutputFilterByType DEFLATE text/html text/css
        `,
      },
    },
  ],
  good: [
    {
      title: 'Express would compress, and is not offered it',
      files: express('proxy_set_header Accept-Encoding "";'),
    },
    {
      title: 'Apache would compress, and is not offered it',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_set_header Accept-Encoding "";'),
        'etc/apache2/apache2.conf': COMPRESSING,
      },
    },
    {
      title: 'nothing offered',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Accept-Encoding "";') },
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('sub_filter'))) return
    for (const connection of deployment.connections.http) {
      const { block, pass, headers } = connection
      const { configuration } = connection.server
      const filters = effective(configuration, block, 'sub_filter')
      const [line] = filters.known ? filters.value.directives : []
      if (line === undefined || headers.open || !headers.passesOthers) continue
      const offer = headers.written.findLast(({ name }) => name === 'accept-encoding')
      if (offer !== undefined && !/^\$http_accept_encoding$|\b(?:gzip|deflate|br)\b/.test(offer.value))
        continue
      const filter = hostsBehind(deployment, connection)
        .map(compressionOf)
        .find(found => found !== null)
      const compressed =
        filter == null ? compressedBehind(deployment, connection) : { by: 'Apache', at: namePlace(filter) }
      yield {
        at: namePlace(line),
        severity: compressed === null ? 'info' : 'warning',
        message:
          compressed === null
            ? 'the backend is offered gzip, and in what it compresses nothing is replaced'
            : `${compressed.by} compresses its pages for browsers, and nothing is replaced in them`,
        related: [
          compressed === null
            ? { at: argumentPlace(pass, 0), message: 'the backend' }
            : { at: compressed.at, message: 'compressed here' },
        ],
      }
    }
  },
})

type Compressing = Pick<ApacheHost, 'configuration'> & { readonly directive: ApacheDirective | null }

/** The virtual hosts that surely answer; of an Apache that has none, its main server. */
function hostsBehind(deployment: Deployment, connection: NginxConnection): readonly Compressing[] {
  const hosts = certainHosts(deployment, connection)
  if (hosts.length > 0) return hosts
  return connection.targets.flatMap(({ to }) => {
    const configuration =
      to.kind === 'listener' && to.listener.kind === 'apache' ? to.listener.program.configuration : null
    return configuration === null || configuration.occurrences.has('virtualhost')
      ? []
      : [{ configuration, directive: null }]
  })
}

/** The line by which a virtual host compresses its pages; null where none is known. */
function compressionOf({ configuration, directive }: Compressing): ApacheDirective | null {
  if (isModuleLoaded(configuration, 'deflate_module') === false) return null
  const named = (name: string) =>
    [directive, null]
      .flatMap(home => directivesOfHost(configuration, home, name))
      .filter(({ args }) => /\bDEFLATE\b/i.test(args[0]?.value ?? ''))
  const ofPages = named('addoutputfilterbytype').find(({ args }) =>
    args.some(({ value }) => /^text\/html$/i.test(value)),
  )
  return ofPages ?? named('setoutputfilter')[0] ?? null
}

/** Where an application behind a connection compresses its pages; null where none is seen to. */
function compressedBehind(
  deployment: Deployment,
  { targets }: NginxConnection,
): { readonly by: string; readonly at: Place } | null {
  for (const target of targets) {
    const program = serverBehind(target)
    if (program === null) continue
    const called = program.server.program === 'node' ? program.server.settings.get('compression') : undefined
    if (called?.known === true && called.at !== null) return { by: 'Express', at: called.at }
    const middleware = deployment.moduleOf(program)?.settings?.get('MIDDLEWARE')
    if (middleware?.known !== true || !Array.isArray(middleware.value) || middleware.at === null) continue
    if (middleware.value.includes('django.middleware.gzip.GZipMiddleware'))
      return { by: 'Django', at: middleware.at }
  }
  return null
}
