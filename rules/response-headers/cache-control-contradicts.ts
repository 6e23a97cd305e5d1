import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location /files/ {
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`expires` and `add_header` say opposite things of how long an answer may be kept',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`expires` sends a `Cache-Control` of its own, and `add_header` a second one beside it. Caches join the two and take the stricter, so what the other line says never holds.',
  remedy: 'Say it in one of the two: `expires 30d;`, or `add_header Cache-Control …` alone',
  references: ['https://nginx.org/en/docs/http/ngx_http_headers_module.html#expires'],
  bad: [
    {
      title: 'a month, and not at all',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          expires 30d;
          «add_header» Cache-Control "no-cache";
        `),
      },
    },
    {
      title: 'not at all, and a year',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          expires -1;
          «add_header» Cache-Control "public, max-age=31536000, immutable";
        `),
      },
    },
  ],
  good: [
    {
      title: 'one adds to the other',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          expires 30d;
          add_header Cache-Control "public, immutable";
        `),
      },
    },
    {
      title: 'not at all, in two ways',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          expires -1;
          add_header Cache-Control "no-cache, no-store, must-revalidate";
        `),
      },
    },
    {
      title: '`expires` that sends nothing',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          expires off;
          add_header Cache-Control "no-store";
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      if (!configuration.occurrences.has('expires')) continue
      for (const line of configuration.occurrences.get('add_header') ?? []) {
        if (line.args[0]?.value.toLowerCase() !== 'cache-control' || line.parent === null) continue
        const fact = effective(configuration, line.parent, 'expires')
        const expires = fact.known ? fact.value.directives[0] : undefined
        if (expires === undefined) continue
        const keeps = isKept(expires.args.at(-1)?.value ?? '', expires.args.length)
        const value = line.args[1]?.value.toLowerCase() ?? ''
        if (keeps === null || value.includes('$')) continue
        const forbids = /\bno-(?:cache|store)\b/.test(value)
        const allows = /\bimmutable\b|max-age\s*=\s*[1-9]/.test(value)
        if (!(keeps ? forbids : allows && !forbids)) continue
        yield {
          at: namePlace(line),
          message: `\`${value}\` is sent beside the \`Cache-Control\` of \`expires ${expires.args.map(arg => arg.value).join(' ')}\`, which says the opposite`,
          related: [{ at: namePlace(expires), message: 'sends one too' }],
        }
      }
    }
  },
})

/** True where `expires` lets answers be kept, false where it forbids it, null where it sends nothing or hangs on more. */
function isKept(value: string, count: number): boolean | null {
  if (count !== 1 || value === 'off' || value.includes('$')) return null
  if (value === 'epoch' || value.startsWith('-') || /^0\w?$/.test(value)) return false
  return /^\+?\d|^max$/.test(value) ? true : null
}
