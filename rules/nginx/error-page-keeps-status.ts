import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { phpCode } from '../../parsers/php/script.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isPass } from '../../src/servers/nginx/queries/locations.ts'
import { namedLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { applicationIn } from '../php/_application-in.ts'
import { phpPool } from '../php/_examples.ts'
import { documentRoot } from '../php/_script-directory.ts'

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

/** A script for all pages, to which these lines lead. */
const php = (
  lines: string,
  script = '<?php echo $_SERVER["REQUEST_METHOD"], " ", $_SERVER["REQUEST_URI"];\n',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      index index.php;
      ${lines}
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/www/index.php': script,
})
const FILES = conf`
  location / {
      try_files $uri $uri/ =404;
  }
`

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
    {
      title: 'a script for all pages',
      files: php(conf`
        error_page 404 «/index.php»;
        ${FILES}
      `),
    },
    {
      title: 'a script for all pages, which is told the path',
      files: php(
        conf`
          location / {
              error_page 404 «/index.php?q=$uri»;
          }
        `,
        '<?php echo $_GET["q"];\n',
      ),
    },
  ],
  good: [
    {
      title: 'a script for all pages, by try_files',
      files: php(conf`
        error_page 404 /index.php;
        location / {
            try_files $uri $uri/ /index.php?$args;
        }
      `),
    },
    {
      title: 'a script for all pages, with its own status',
      files: php(conf`
        error_page 404 = /index.php;
        ${FILES}
      `),
    },
    {
      title: 'the start page for what is not there',
      files: php(
        conf`
          error_page 404 /index.php;
          ${FILES}
        `,
        '<?php echo "our shop";\n',
      ),
    },
    {
      title: 'a script for what is not there',
      files: php(conf`
        error_page 404 /404.php;
        ${FILES}
      `),
    },
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
  *check(deployment) {
    yield* byName(deployment)
    yield* byScript(deployment)
  },
})

function* byName({ nginx: configurations }: Deployment): Iterable<RuleFinding> {
  for (const { occurrences } of configurations) {
    for (const line of occurrences.get('error_page') ?? []) {
      const name = line.args.at(-1)?.value ?? ''
      if (!name.startsWith('@') || OF_ERRORS.test(name) || !isForMissing(line)) continue
      const server = enclosingServer(line)
      const location = server === null ? null : namedLocation(server, name)
      const pass = location?.directive.children.find(child => isPass(child.name))
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
}

/**
 * A path that no file has comes to the script of all pages by this line alone, and where the tree has the script it
 * answers pages by their paths.
 */
function* byScript(deployment: Deployment): Iterable<RuleFinding> {
  for (const server of deployment.servers) {
    const { configuration } = server
    if (!configuration.occurrences.has('error_page') || !configuration.occurrences.has('fastcgi_pass'))
      continue
    const answer = askServer(deployment, server, PATHS.missingPage)
    if (answer?.end.kind !== 'pass' || answer.end.status !== 404) continue
    const line = answer.steps.findLast(({ kind }) => kind === 'error-page')?.directive
    const pass = answer.end.scope.children.find(({ name }) => name === 'fastcgi_pass')
    const [script = '', query] = line?.args.at(-1)?.value.split('?') ?? []
    if (line == null || pass === undefined || !/^\/index\.php(?:\/|$)/.test(script)) continue
    const root = documentRoot({ server, block: answer.end.scope })
    const files = deployment.filesOf(configuration)
    if (!PATH_IN_QUERY.test(query ?? '') && (root === null || !answersPaths(files, root))) continue
    const at = argumentPlace(line, line.args.length - 1)
    yield {
      at,
      message: `every page of \`${script}\` is sent with status 404, and a form that is posted arrives as GET: without \`=\` the status of the error stays`,
      label: 'keeps the status of the error',
      related: [{ at: namePlace(pass), message: 'what answers' }],
      help: 'Take the line out, and let `location /` lead there: `try_files $uri $uri/ /index.php?$args;`',
    }
  }
}

/** The path of the request, which a script is told. */
const PATH_IN_QUERY = /\$(?:\{?(?:request_)?uri\b|document_uri\b)/

/** True for a script that finds the page by the path that is asked for. */
function answersPaths(files: FileSystem, root: string): boolean {
  if (applicationIn(files, root) !== null) return true
  const source = sourceAt(files, `${root}/index.php`)
  return source !== null && /REQUEST_URI|PATH_INFO|vendor\/autoload\.php/.test(phpCode(source))
}

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
