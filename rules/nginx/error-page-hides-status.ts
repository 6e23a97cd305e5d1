import { placeText } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
      location / {
          try_files $uri =404;
      }
    `),
  )

export default defineRule({
  summary: 'The page of an error is sent with status 200',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`=` in `error_page` takes the status of whatever answers the page, which for a file is 200. Search engines then keep the page of each URL that is not there, caches keep that of an outage, and monitoring sees nothing.',
  remedy: 'Leave `=` out: `error_page 404 /404.html;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  bad: [
    {
      title: 'the page for what is not there',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 404 «=» /404.html;') },
    },
    {
      title: 'a page that clients may not ask for by themselves',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 404 «=» /errors/404.html;
          location /errors/ {
              internal;
              alias /srv/errors/;
          }
        `),
      },
    },
    {
      title: 'the page for a backend that fails',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 500 502 503 504 «=» /errors/50x.html;') },
    },
  ],
  good: [
    { title: 'its own status', files: { 'etc/nginx/nginx.conf': nginx('error_page 404 /404.html;') } },
    {
      title: 'an application that answers, and the page of one that runs in the browser',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 403 = /index.html;
          error_page 404 = @app;
          error_page 410 = /404;
          location = /404 {
              proxy_pass http://127.0.0.1:9001;
          }
          location @app {
              proxy_pass http://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'a status that is asked for, and a page that has one',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          error_page 404 =410 /gone.html;
          error_page 403 = /403.html;
          location = /403.html {
              return 404;
          }
        `),
      },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      if (!configuration.occurrences.has('error_page')) continue
      const pages = effective(configuration, directive, 'error_page')
      if (!pages.known) continue
      for (const line of pages.value.directives) {
        const index = line.args.findIndex(({ value }) => value === '=')
        const page = line.args.at(-1)?.value ?? ''
        const codes = line.args.slice(0, Math.max(index, 0)).map(({ value }) => value)
        if (index === -1 || !PAGE_OF_ERROR.test(page) || !codes.some(code => /^[45]\d\d$/.test(code)))
          continue
        const answer = askServer(deployment, server, page)
        if (answer === null || !(isFile(answer) || isFileForItself(answer))) continue
        yield {
          at: argumentPlace(line, index),
          message: `\`=\` sends \`${page}\` with status 200, not ${codes.join(', ')}`,
          label: 'takes the status of the file',
        }
      }
    }
  },
})

function isFile({ end }: Outcome): boolean {
  return end.kind === 'file' && end.status === 200
}

/** A file of a location that is `internal`: of a client nginx says 404, and to itself it sends the page. */
function isFileForItself({ end, steps }: Outcome): boolean {
  if (end.kind !== 'response' || end.at === null || placeText(end.at) !== 'internal') return false
  const location = steps.findLast(({ kind }) => kind === 'location')?.directive
  return location?.children.every(({ name }) => OF_FILES.has(name)) === true
}

/** What a location of files says, which leads nowhere else. */
const OF_FILES: ReadonlySet<string> = new Set(
  'internal root alias access_log log_not_found error_log allow expires add_header default_type charset'.split(
    ' ',
  ),
)

/** A file that by its name is the page of an error, and nothing else. */
const PAGE_OF_ERROR = /^\/[^$?]*\b(?:[45]\d\d|[45]0x|errors?|not[-_]?found|maintenance)\b[^/$?]*\.html?$/i
