import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (pass: string, lines = ''): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          mirror /copy;
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
      location = /copy {
          internal;
          ${lines}
          proxy_pass ${pass};
          proxy_set_header Host $host;
      }
    `),
  )

export default defineRule({
  summary: 'Every mirrored request asks for the name of the mirror',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`mirror` asks by a request of its own, whose path is the one that `mirror` names. Unless `proxy_pass` has `$request_uri`, the other backend gets `/copy` for every URL, by `$uri` too, and the copy says nothing of it.',
  remedy: 'Write `proxy_pass http://backend$request_uri;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_mirror_module.html#example'],
  bad: [
    {
      title: 'no URI',
      files: { 'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9001»') },
    },
    {
      title: 'one URI for all',
      files: { 'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9001/»') },
    },
    {
      title: 'the path of the request that asks',
      files: { 'etc/nginx/nginx.conf': nginx('«http://127.0.0.1:9001$uri»') },
    },
  ],
  good: [
    {
      title: 'the URL that the client asked for',
      files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9001$request_uri') },
    },
    {
      title: 'a path for what keeps the bodies',
      files: { 'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9001/audit') },
    },
    {
      title: 'a path that is rewritten',
      files: {
        'etc/nginx/nginx.conf': nginx('http://127.0.0.1:9001', 'rewrite ^ $request_uri break;'),
      },
    },
    {
      title: 'the mirror of one page, or of what the backend is told by a header',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'http://127.0.0.1:9001',
          'proxy_set_header X-Original-URI $request_uri;',
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('mirror') ?? []) {
        const path = line.args[0]?.value ?? ''
        const server = enclosingServer(line)
        if (server === null || !/^\/[^$\uFFFC-\uFFFF]*$/.test(path)) continue
        if (line.parent?.name === 'location' && readLocation(line.parent).modifier === '=') continue
        const found = selectLocation(configuration, server, path)
        const location = found.known ? found.value.location : null
        if (location === null || location.modifier.startsWith('~')) continue
        const { children } = location.directive
        const pass = children.find(({ name }) => name === 'proxy_pass')
        const match = ONE_PATH.exec(pass?.args[0]?.value ?? '')
        if (pass === undefined || match === null) continue
        // A rewriting may bring the path, and a header may tell it.
        if (children.some(({ name }) => REWRITING.test(name))) continue
        if (
          children.some(({ args }) => args.some(({ value }) => /\$\{?(?:request_uri|request)\b/.test(value)))
        )
          continue
        yield {
          at: argumentPlace(pass, 0),
          message: `the backend is asked for \`${match[1] ?? path}\` whatever the client asked for`,
          label: 'has the path of the mirror',
          related: [{ at: argumentPlace(line, 0), message: 'mirrored here' }],
        }
      }
    }
  },
})

/** No URI, one for all, or the path of the request that asks, which is that of the mirror. */
const ONE_PATH = /^https?:\/\/[^/$]+(?:(\/)|\$(?:uri|\{uri\})(?:\$is_args\$args)?)?$/
const REWRITING = /^(?:rewrite|set|if|return|include|js_|.*_by_lua)/
