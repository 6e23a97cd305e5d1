import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective, effectiveValue } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (status: string, page: string, limit = 'limit_req zone=site;'): string =>
  nginxMain([
    'limit_req_zone $binary_remote_addr zone=site:10m rate=1r/s;',
    nginxServer(conf`
      root /srv/www;
      ${status}
      ${page}
      location /list/ {
          ${limit}
          try_files $uri =404;
      }
    `),
  ])

export default defineRule({
  summary: 'The page for a limit is written for another status than the limit answers with',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'A limit answers with 503, or with what `limit_req_status` and `limit_conn_status` say. The page that is written for the other status is never sent, and clients get that of nginx itself.',
  remedy: 'Write the same status in both: `limit_req_status 429;` and `error_page 429 …`',
  references: ['https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_status'],
  bad: [
    {
      title: 'a page for 429, and no status',
      files: { 'etc/nginx/nginx.conf': nginx('', 'error_page «429» /429.html;') },
    },
    {
      title: 'a page for 503, and another status',
      files: {
        'etc/nginx/nginx.conf': nginx('limit_req_status 429;', 'error_page «503» /slow-down.html;'),
      },
    },
  ],
  good: [
    {
      title: 'the same status in both',
      files: { 'etc/nginx/nginx.conf': nginx('limit_req_status 429;', 'error_page 429 /429.html;') },
    },
    {
      title: 'a page for an outage',
      files: { 'etc/nginx/nginx.conf': nginx('limit_req_status 429;', 'error_page 502 503 /50x.html;') },
    },
    {
      title: 'a backend that answers with it',
      files: {
        'etc/nginx/nginx.conf': nginx('proxy_intercept_errors on;', 'error_page 429 /429.html;'),
      },
    },
    { title: 'no limit', files: { 'etc/nginx/nginx.conf': nginx('', 'error_page 429 /429.html;', '') } },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      const { occurrences } = configuration
      if (!occurrences.has('error_page')) continue
      // A backend, or a line, may answer with the status as well.
      if (INTERCEPTING.some(name => occurrences.has(name))) continue
      const returned = new Set((occurrences.get('return') ?? []).map(({ args }) => args[0]?.value))
      for (const kind of ['limit_req', 'limit_conn'] as const) {
        const other = kind === 'limit_req' ? 'limit_conn' : 'limit_req'
        for (const line of occurrences.get(kind) ?? []) {
          if (line.parent === null) continue
          const status = effectiveValue(configuration, line.parent, `${kind}_status`, '503')
          const second = effectiveValue(configuration, line.parent, `${other}_status`, '503')
          const pages = effective(configuration, line.parent, 'error_page')
          if (!status.known || !second.known || !pages.known || !pages.value.complete) continue
          const has = (code: string) =>
            pages.value.directives.some(({ args }) => args.slice(0, -1).some(({ value }) => value === code))
          if (has(status.value)) continue
          for (const page of pages.value.directives) {
            const index = page.args.findIndex(
              ({ value }, at) =>
                at < page.args.length - 1 && isForLimit(value, page.args.at(-1)?.value ?? ''),
            )
            const code = page.args[index]?.value
            if (code === undefined || code === status.value || returned.has(code)) continue
            if (occurrences.has(other) && code === second.value) continue
            const at = argumentPlace(page, index)
            yield {
              at,
              message: `\`${kind}\` answers with ${status.value}, so \`${page.args.at(-1)?.value ?? ''}\` is never sent for it`,
              label: 'another status',
              related: [{ at: namePlace(line), message: 'the limit' }],
              ...propose(`Write \`${status.value}\``, 'unsafe', [replacePlace(at, status.value)]),
            }
          }
        }
      }
    }
  },
})

const INTERCEPTING = ['proxy', 'fastcgi', 'uwsgi', 'scgi', 'grpc'].map(name => `${name}_intercept_errors`)

/** 429 is the status of limits alone; for 503 the page says what it is for. */
function isForLimit(code: string, page: string): boolean {
  return code === '429' || (code === '503' && /slow|limit|too-?many|throttl|busy/i.test(page))
}
