import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location / {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`add_header Content-Type` sends a second type',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: '`add_header` adds, it does not replace: the response has two `Content-Type`, the one of nginx or of the backend and this one. Which of them a browser takes is its own affair.',
  remedy:
    'Write `default_type` or `types` for what nginx answers itself, and `proxy_hide_header Content-Type` for a backend',
  references: ['https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header'],
  bad: [
    {
      title: 'an answer of nginx itself',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header «Content-Type» application/json;
          return 200 "{}";
        `),
      },
    },
  ],
  good: [
    {
      title: 'the default type',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          default_type application/json;
          return 200 "{}";
        `),
      },
    },
    {
      title: 'the type of the backend is hidden',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_hide_header Content-Type;
          add_header Content-Type text/plain;
          proxy_pass http://127.0.0.1:9000;
        `),
      },
    },
    {
      title: 'an answer without a body',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header Content-Type text/plain;
          return 204;
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('add_header') ?? []) {
        if (line.args[0]?.value.toLowerCase() !== 'content-type' || isHidden(line) || isEmpty(line)) continue
        yield {
          at: argumentPlace(line, 0),
          message: 'this adds a second `Content-Type` to the one that the response has',
        }
      }
    }
  },
})

/** True where some block around it takes the type of the backend away. */
function isHidden(line: NginxDirective): boolean {
  for (let block = line.parent; block !== null; block = block.parent)
    if (
      block.children.some(
        ({ name, args }) => name.endsWith('_hide_header') && args[0]?.value.toLowerCase() === 'content-type',
      )
    )
      return true
  return false
}

/** True beside a `return` without a text: what has no body has no type. */
function isEmpty({ parent }: NginxDirective): boolean {
  const returned = parent?.children.find(({ name }) => name === 'return')
  return returned !== undefined && /^(?:204|304|444)$/.test(returned.args[0]?.value ?? '')
}
