import { posix } from 'node:path'
import { serversAround } from '../../src/deployment/build/servers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { effectivePass } from '../../src/servers/nginx/queries/proxy-target.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { toBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'
import { frontControllersNotThere } from './_front-controllers-of-apache.ts'
import { directoryOf, namesIn, nearest, otherFrontController, pageOfStatus, pathOf } from './_pages.ts'
import { stoppedStartPages } from './_stopped-start-pages.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
    `),
  ),
  'srv/www/index.html': 'start page\n',
  'srv/www/404.html': 'not found\n',
  'srv/www/css/site.css': 'p {}\n',
})
const PHP = conf`
  location ~ \.php$ {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass unix:/run/php/php8.2-fpm.sock;
  }
`

/** Apache, whose PHP runs elsewhere. */
const fallback = (target: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /srv/www
          FallbackResource ${target}
          <FilesMatch "\.php$">
              SetHandler "proxy:unix:/run/php/site.sock|fcgi://localhost"
          </FilesMatch>
      </VirtualHost>
    `,
    ['dir', 'proxy', 'proxy_fcgi'],
  ),
})

export default defineRule({
  summary: 'A page that is named is not there, and one of nearly this name is',
  severity: 'warning',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A server looks for the very name. Without the start page it answers 403, without the page for errors its own, and without the page of an application 404 or 500.',
  remedy: 'Write the name as the file has it',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_index_module.html#index',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page',
  ],
  bad: [
    {
      title: 'the start page',
      files: tree('index «index.htm»;'),
    },
    {
      title: 'the start page, beside a rewrite of other pages and a page for errors',
      files: tree(conf`
        index «index.htm»;
        error_page 403 /404.html;
        rewrite ^/old$ /new permanent;
      `),
    },
    {
      title: 'the start page of PHP, where no `index` names it',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root «/srv/shop»;
            location / {
                try_files $uri $uri/ =404;
            }
            ${PHP}
          `),
        ),
        'srv/shop/index.php': '<?php',
      },
    },
    {
      title: 'the page for an error',
      files: tree('error_page 404 «/404.htm»;'),
    },
    {
      title: 'the page for an error, which is called after its status',
      files: tree('error_page 404 «/40x.html»;'),
    },
    {
      title: 'the page for an error, in a directory of its own',
      files: {
        ...tree('error_page 403 «/403.html»;'),
        'srv/www/errors/403.html': 'forbidden\n',
      },
    },
    {
      title: 'the start page of what a program has built, one directory below',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/docs;
            location / {
                try_files $uri $uri/ «/index.html»;
            }
          `),
        ),
        'srv/docs/mkdocs.yml': 'site_name: Docs\n',
        'srv/docs/site/index.html': 'start page\n',
      },
    },
    {
      title: 'the page of an application',
      files: tree(conf`
        location / {
            try_files $uri $uri/ «/app.html»;
        }
      `),
    },
    {
      title: 'the script of an application',
      files: {
        ...tree(conf`
          location / {
              try_files $uri $uri/ «/app.php$is_args$args»;
          }
          ${PHP}
        `),
        'srv/www/index.php': '<?php echo "a page";\n',
      },
    },
    {
      title: 'the script of an application below a path',
      files: {
        ...tree(conf`
          location /blog/ {
              try_files $uri $uri/ «/index.php?$args»;
          }
          ${PHP}
        `),
        'srv/www/blog/index.php': '<?php echo "a page";\n',
      },
    },
    {
      title: 'the script of an application behind Apache, by a rule',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ «app.php» [L]
        `),
        'srv/www/index.php': '<?php echo "a page";\n',
      },
    },
    {
      title: 'the script of an application behind Apache, by FallbackResource',
      files: { ...fallback('«/app.php»'), 'srv/www/index.php': '<?php echo "a page";\n' },
    },
    {
      title: 'a rule of a .htaccess alone',
      files: {
        'public/.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^(.*)$ «app.php» [QSA,L]
        `,
        'public/index.php': '<?php echo "a page";\n',
      },
    },
  ],
  good: [
    {
      title: 'a .htaccess alone, whose script may lie elsewhere',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteBase /shop/
          RewriteRule ^ app.php [L]
        `,
        'index.php': '<?php echo "a page";\n',
        'public/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^ /app.php [L]
        `,
        'public/index.php': '<?php echo "a page";\n',
      },
    },
    {
      title: 'scripts behind Apache as they are called, and one of which nothing is seen',
      files: {
        ...fallback('/index.php'),
        'srv/www/index.php': '<?php echo "a page";\n',
        'public/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^ front.php [L]
        `,
        'public/logo.png': 'picture',
      },
    },
    {
      title: 'the start page of PHP, which the location, a fallback or a rewrite names',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          nginxServer(conf`
            root /srv/shop;
            location / {
                index index.php;
            }
            ${PHP}
          `),
          nginxServer(conf`
            root /srv/shop;
            location / {
                try_files $uri /index.php?$args;
            }
            ${PHP}
          `),
          nginxServer(conf`
            root /srv/shop;
            autoindex on;
            ${PHP}
          `),
          nginxServer(conf`
            root /srv/shop;
            rewrite ^/$ /index.php last;
            ${PHP}
          `),
          nginxServer(conf`
            root /srv/shop;
            location = / {
                return 302 /index.php;
            }
            ${PHP}
          `),
        ]),
        'srv/shop/index.php': '<?php',
      },
    },
    {
      title: 'one page for several errors, beside one of them',
      files: tree('error_page 403 404 /40x.html;'),
    },
    {
      title: 'as they are called',
      files: tree(conf`
        index index.php index.html;
        error_page 404 /404.html;
        location / {
            try_files $uri $uri/ /index.html;
        }
      `),
    },
    {
      title: 'scripts as they are called',
      files: {
        ...tree(conf`
          location / {
              try_files $uri $uri/ /index.php$is_args$args;
          }
          location /blog/ {
              try_files $uri $uri/ /blog/index.php?$args;
          }
          ${PHP}
        `),
        'srv/www/index.php': '<?php echo "a page";\n',
        'srv/www/blog/index.php': '<?php echo "a page";\n',
      },
    },
    {
      title: 'a script that PHP is told of by another path',
      files: {
        ...tree(conf`
          location / {
              try_files $uri $uri/ /app.php;
          }
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME /srv/app$fastcgi_script_name;
              fastcgi_pass unix:/run/php/site.sock;
          }
        `),
        'srv/www/index.php': '<?php echo "a page";\n',
      },
    },
    {
      title: 'a directory that is not in the audit',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /var/www/site;
            index index.htm;
            error_page 404 /404.htm;
          `),
        ),
      },
    },
    {
      title: 'a page that the backend makes',
      files: tree(conf`
        error_page 404 /missing.html;
        location / {
            proxy_pass http://127.0.0.1:9000;
        }
      `),
    },
  ],
  *check(deployment) {
    yield* frontControllersNotThere(deployment)
    const servers = serversAround(deployment)
    // There the application answers, once it is asked: `static-files/directory-before-fallback`.
    const stopped = new Set(
      stoppedStartPages(deployment).map(({ server, directory }) => stoppedKey(server.directive, directory)),
    )
    const isStopped = (block: NginxDirective, directory: string): boolean => {
      const home = serverAround(block)
      return home !== null && stopped.has(stoppedKey(home, directory))
    }
    for (const configuration of deployment.nginx) {
      const files = deployment.filesOf(configuration)
      for (const line of configuration.occurrences.get('index') ?? []) {
        const { parent } = line
        const names = line.args.map(({ value }) => value)
        if (parent === null || names.some(name => isComputed(name) || name.startsWith('/'))) continue
        const directory = directoryOf(configuration, parent)
        if (directory === null || effectivePass(configuration, parent) !== null) continue
        const entries = namesIn(files, directory)
        if (entries === null || names.some(name => entries.has(name) || name.includes('/'))) continue
        const present = [...entries].find(name => /^index\.(?:html?|php)$/.test(name))
        const word = names.at(-1)
        if (present === undefined || word === undefined) continue
        // Where a start page is handed to a program no file has to be there.
        if (isStopped(parent, directory) || isAnswered(deployment, servers, parent)) continue
        const at = argumentPlace(line, line.args.length - 1)
        yield {
          at,
          message: `\`${directory}\` has \`${present}\` and no \`${word}\`, so nginx answers 403`,
          ...propose(`Write \`${present}\``, 'unsafe', [replacePlace(at, present)]),
        }
      }
      for (const root of configuration.occurrences.get('root') ?? []) {
        const present = pageBesideDefault(deployment, servers, configuration, files, root)
        if (present === null || isStopped(root, root.args[0]?.value ?? '')) continue
        yield {
          at: argumentPlace(root, 0),
          message: `this directory has \`${present}\` and no \`index.html\`, which is all that nginx looks for without \`index\`: \`/\` is answered with 403`,
          help: `Write \`index ${present};\``,
        }
      }
      for (const name of ['error_page', 'try_files']) {
        for (const line of configuration.occurrences.get(name) ?? []) {
          const uri = line.args.at(-1)?.value ?? ''
          if (line.parent === null) continue
          const server = serverAround(line)
          if (server === null || !servers.has(server)) continue
          const [, script] = SCRIPT.exec(uri) ?? []
          if (script !== undefined) {
            const meant = scriptInstead(configuration, files, server, line.parent, script)
            if (meant === null) continue
            yield {
              at: argumentPlace(line, line.args.length - 1),
              message: `\`${meant.path}\` is not there, and \`${meant.present}\` is: no page is answered by the application`,
              help: `Write \`${meant.uri}${uri.slice(script.length)}\``,
            }
            continue
          }
          if (!/^\/[\w./-]+\.html?$/.test(uri)) continue
          const meant = pathOf(configuration, server, uri)
          const present =
            meant === null ? null : (nearest(files, meant.path) ?? pageOfStatus(files, line, meant.path))
          if (meant === null || present === null) continue
          yield {
            at: argumentPlace(line, line.args.length - 1),
            message: `\`${meant.path}\` is not there, and \`${present}\` is`,
            related:
              meant.base === null
                ? []
                : [{ at: argumentPlace(meant.base, 0), message: 'looked for below this' }],
          }
        }
      }
    }
  },
})

function stoppedKey({ source, node }: NginxDirective, directory: string): string {
  return `${source.path} ${node.start} ${directory.replace(/\/+$/, '')}`
}

/** The start page of a server that names none, where it is another one than nginx looks for; null in doubt. */
function pageBesideDefault(
  deployment: Deployment,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
  configuration: NginxConfiguration,
  files: FileSystem,
  root: NginxDirective,
): string | null {
  const { parent } = root
  if (parent?.name !== 'server' || effectivePass(configuration, parent) !== null) return null
  const index = effective(configuration, parent, 'index')
  if (!index.known || index.value.directives.length > 0 || !index.value.complete) return null
  const directory = directoryOf(configuration, parent)
  const entries = directory === null ? null : namesIn(files, directory)
  if (entries === null || entries.has('index.html') || isAnswered(deployment, servers, parent)) return null
  const selected = selectLocation(configuration, parent, '/')
  if (!selected.known) return null
  const block = selected.value.location?.directive ?? parent
  if (effectivePass(configuration, block) !== null || listsDirectories(configuration, block)) return null
  if (block.children.some(({ name }) => name === 'index')) return null
  return ['index.php', 'index.htm'].find(name => entries.has(name)) ?? null
}

function listsDirectories(configuration: NginxConfiguration, block: NginxDirective): boolean {
  const listing = effective(configuration, block, 'autoindex')
  return !listing.known || listing.value.directives.some(({ args }) => args[0]?.value === 'on')
}

/** True where the start page is answered by something else than a directory without an index file. */
function isAnswered(
  deployment: Deployment,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
  scope: NginxDirective,
): boolean {
  const home = serverAround(scope)
  const server = home === null ? undefined : servers.get(home)
  if (server === undefined || (scope !== home && scope.args.at(-1)?.value !== '/')) return hasOwnAnswer(scope)
  const files = deployment.filesOf(server.configuration)
  const answer = askServer(deployment, server, '/', {
    // A directory of which something is seen has what is seen of it.
    assume: path =>
      namesIn(files, posix.dirname(path))?.has(posix.basename(path)) === false ? null : undefined,
  })
  if (answer === null || answer.steps.some(({ kind }) => kind === 'access' || kind === 'return')) return true
  const isForbidden =
    (answer.end.kind === 'response' && answer.end.status === 403) ||
    answer.steps.some(({ kind, text }) => kind === 'error-page' && /\bfor 403\b/.test(text))
  return !isForbidden
}

function hasOwnAnswer({ children }: NginxDirective): boolean {
  return children.some(({ name }) => /_pass$|^(?:return|rewrite|try_files)$/.test(name))
}

/** A script, and the query that is handed to it. */
const SCRIPT = /^(\/(?:[\w.-]+\/)*[\w-]+\.php)(?:[?$].*)?$/

/** The script that is there where the one of a fallback is not: of the location, or by the other usual name. */
function scriptInstead(
  configuration: NginxConfiguration,
  files: FileSystem,
  server: NginxDirective,
  location: NginxDirective,
  script: string,
): { readonly path: string; readonly present: string; readonly uri: string } | null {
  const selected = selectLocation(configuration, server, toBytes(script))
  const block = selected.known ? (selected.value.location?.directive ?? server) : null
  const directory = block === null ? null : directoryOf(configuration, block)
  const base = block === null ? null : fileBase(configuration, block)
  if (block === null || directory === null || base?.known !== true || base.value.kind !== 'root') return null
  // PHP may be told of its scripts by a path of another machine.
  if (effectivePass(configuration, block) !== null && !isBelowRoot(configuration, block)) return null
  const path = posix.join(directory, script)
  const entries = namesIn(files, posix.dirname(path))
  if (entries === null || entries.has(posix.basename(path))) return null
  const { modifier, name } =
    location.name === 'location' ? readLocation(location) : { modifier: '@', name: '' }
  const own = posix.join('/', name, posix.basename(script))
  if ((modifier === '' || modifier === '^~') && files.kind(posix.join(directory, own)) === 'file')
    return { path, present: posix.join(directory, own), uri: own }
  const other = otherFrontController(entries, posix.basename(script))
  return other === undefined ? null : { path, present: other, uri: posix.join(posix.dirname(script), other) }
}

function isBelowRoot(configuration: NginxConfiguration, block: NginxDirective): boolean {
  const set = requestParameters(configuration, block, 'fastcgi')
  const value = set.known
    ? set.value.headers.find(({ name }) => name === 'SCRIPT_FILENAME')?.value
    : undefined
  return value !== undefined && /^\$(?:document_root|realpath_root|request_filename)\b/.test(value)
}
