import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost } from '../../src/deployment/model.ts'
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

export default defineRule({
  summary: '`sub_filter` changes nothing in what the backend compresses',
  severity: 'info',
  otherSeverities: { warning: 'where Apache is known to compress' },
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
      title: 'Apache compresses, and nginx unpacks for clients without gzip alone',
      files: {
        'etc/nginx/nginx.conf': nginx('gunzip on;').replace('sub_filter', '«sub_filter»'),
        'etc/apache2/apache2.conf': COMPRESSING,
      },
    },
  ],
  good: [
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
      if (headers.written.some(({ name }) => name === 'accept-encoding')) continue
      const filter = certainHosts(deployment, connection)
        .map(compressionOf)
        .find(found => found !== null)
      yield {
        at: namePlace(line),
        severity: filter == null ? 'info' : 'warning',
        message:
          filter == null
            ? 'the backend is offered gzip, and in what it compresses nothing is replaced'
            : 'Apache compresses its pages for browsers, and nothing is replaced in them',
        related: [
          filter == null
            ? { at: argumentPlace(pass, 0), message: 'the backend' }
            : { at: namePlace(filter), message: 'compressed here' },
        ],
      }
    }
  },
})

/** The line by which a virtual host compresses its pages; null where none is known. */
function compressionOf({ configuration, directive }: ApacheHost): ApacheDirective | null {
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
