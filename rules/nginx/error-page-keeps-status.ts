import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { PASSES } from '../../src/servers/nginx/queries/locations.ts'
import { namedLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (line: string, name = '@app'): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          ${line}
      }
      location ${name} {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
    `),
  )

export default defineRule({
  summary: 'What an application answers by way of `error_page` is sent with the status of the error',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `=` the page of an error has its status, whatever the backend says: every page of the application is a 404, search engines drop them, caches and clients take them for missing, and browsers do not follow its redirects.',
  remedy: 'Write `error_page 404 = @app;`, which takes the status of the answer, or `try_files $uri @app;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  bad: [
    {
      title: 'an application behind the files',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 404 «@app»;') },
    },
    {
      title: 'uploads that files do not take',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 403 404 405 «@app»;') },
    },
  ],
  good: [
    { title: 'its own status', files: { 'etc/nginx/nginx.conf': nginx('error_page 404 = @app;') } },
    {
      title: 'a status that is named',
      files: { 'etc/nginx/nginx.conf': nginx('error_page 404 =200 @app;') },
    },
    {
      title: 'pages of errors, and of an outage',
      files: {
        'etc/nginx/nginx.conf': nginx('error_page 403 404 @not_found;', '@not_found'),
        'other.conf': conf`
          server {
              listen 81;
              error_page 502 503 @app;
              location @app {
                  proxy_pass http://127.0.0.1:9001;
              }
          }
        `,
      },
    },
    {
      title: 'a redirect of nginx, which has a status of its own',
      files: {
        'etc/nginx/nginx.conf': nginx('error_page 404 @app;').replace(
          /proxy_pass.*\n.*/,
          'return 302 /start;',
        ),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('error_page') ?? []) {
        const name = line.args.at(-1)?.value ?? ''
        if (!name.startsWith('@') || OF_ERRORS.test(name) || !isForMissing(line)) continue
        const server = enclosingServer(line)
        const location = server === null ? null : namedLocation(server, name)
        const pass = location?.directive.children.find(child => PASS_NAMES.has(child.name))
        if (location === null || pass === undefined || location.directive.children.some(rewrites)) continue
        const at = argumentPlace(line, line.args.length - 1)
        const codes = line.args.slice(0, -1).map(({ value }) => value)
        yield {
          at,
          message: `every answer of \`${pass.args[0]?.value ?? ''}\` is sent with status ${codes.join(' or ')}: without \`=\` that of the error stays`,
          label: 'keeps the status of the error',
          related: [{ at: argumentPlace(pass, 0), message: 'what answers' }],
          ...propose('Take the status of the answer', 'unsafe', [insertBefore(at, '= ')]),
        }
      }
    }
  },
})

const PASS_NAMES: ReadonlySet<string> = new Set(PASSES)

/** What makes the page of an error, by its name. */
const OF_ERRORS = /err|not_?-?found|40\d|50\d|maint|missing|denied|forbidden|unavailable|static|page/i

/** Errors for which nobody has a page made by an application, unless it has the page itself. */
function isForMissing({ args }: NginxDirective): boolean {
  const codes = args.slice(0, -1).map(({ value }) => value)
  return codes.includes('404') && codes.every(code => /^40[345]$/.test(code))
}

function rewrites({ name }: NginxDirective): boolean {
  return name === 'return' || name === 'if' || name === 'error_page'
}
