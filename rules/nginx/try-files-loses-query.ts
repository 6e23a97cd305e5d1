import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { pathsInto } from '../../src/deployment/requests/paths-into.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { posix } from 'node:path'
import { sourceAt } from '../../src/files/file-system.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { placeText } from '../../parsers/text/source.ts'
import { nginxMain } from '../_examples.ts'

const site = (fallback: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location / {
          try_files $uri ${fallback};
      }
      location ~ \.php$ {
          fastcgi_pass 127.0.0.1:9000;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_param QUERY_STRING $query_string;
      }
  }
`

const proxied = (fallback: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      location / {
          try_files $uri ${fallback};
      }
      location = /index.php {
          proxy_pass http://127.0.0.1:9001;
      }
  }
`

export default defineRule({
  summary: '`try_files` falls back to a script and drops the query',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'An internal redirect of `try_files` keeps no query but what is written in it. The script gets an empty `QUERY_STRING`: searches, page numbers and the answers of login services are lost.',
  remedy: 'Write `/index.php?$query_string`, or `$is_args$args` behind it',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    { title: 'a front controller', files: { 'nginx.conf': site('«/index.php»') } },
    {
      title: 'a query of its own, with the path',
      files: { 'nginx.conf': site('«/index.php?_url=$uri»') },
    },
    {
      title: 'the parameters that come with nginx',
      files: {
        'nginx.conf': site('«/index.php»').replace(
          'fastcgi_param QUERY_STRING $query_string;',
          'include fastcgi_params;',
        ),
      },
    },
    {
      title: 'beside a file of the server that is not here',
      files: {
        'nginx.conf': site('«/index.php»').replace('listen 80;', 'listen 80; include /opt/shop/custom.conf;'),
      },
    },
    {
      title: 'sites whose directory the host decides, and a script that is looked for',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name ~^(?<shop>\w+)\.example\.org$;
              root /srv/$shop/public;
              location / {
                  try_files $uri $uri/ «/index.php»;
              }
              location ~ \.php$ {
                  try_files $uri =404;
                  fastcgi_pass 127.0.0.1:9000;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_param QUERY_STRING $query_string;
              }
          }
        `,
      },
    },
    {
      title: 'behind pages that a cache keeps of requests without a query',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              server_name example.org;
              root /srv/www;
              set $kept $uri;
              if ($query_string != "") {
                  set $kept none;
              }
              location / {
                  try_files /cache/$kept/index.html $uri «/index.php»;
              }
              location ~ \.php$ {
                  fastcgi_pass 127.0.0.1:9000;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_param QUERY_STRING $query_string;
              }
          }
        `,
      },
    },
    { title: 'a script behind a proxy', files: { 'nginx.conf': proxied('«/index.php»') } },
  ],
  good: [
    {
      title: 'files that the application makes where they are missing',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              location /static/ {
                  alias /srv/collected/;
                  try_files $uri /static//static-real$uri;
              }
              location /static-real/ {
                  internal;
                  proxy_pass http://127.0.0.1:8000/;
              }
          }
        `,
      },
    },
    {
      title: 'a script that reads the path alone',
      files: {
        'etc/nginx/nginx.conf': nginxMain(site('/cover-file.php')),
        'srv/www/cover-file.php': "<?php\nsend(urldecode($_SERVER['REQUEST_URI']));\n",
      },
    },
    { title: 'the query is repeated', files: { 'nginx.conf': site('/index.php?$query_string') } },
    { title: 'the query is appended', files: { 'nginx.conf': site('/index.php$is_args$args') } },
    {
      title: 'the query behind one of its own',
      files: { 'nginx.conf': site('/index.php?_url=$uri&$args') },
    },
    { title: 'the whole request in a parameter', files: { 'nginx.conf': site('/index.php?$request_uri') } },
    { title: 'a page that is always the same', files: { 'nginx.conf': site('/index.php?page=404') } },
    { title: 'a page that takes none', files: { 'nginx.conf': site('/index.html') } },
    {
      title: 'scripts that are missing, and pictures',
      files: {
        'nginx.conf': conf`
          server {
              listen 80;
              root /srv/www;
              location ~ \.php$ {
                  try_files $uri /index.php;
                  fastcgi_pass 127.0.0.1:9000;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                  fastcgi_param QUERY_STRING $query_string;
              }
              location ~ ^/thumbs/\w+ {
                  try_files $uri /index.php;
                  expires 2w;
              }
          }
        `,
      },
    },
    {
      title: 'the parameters that come with nginx, and the query',
      files: {
        'nginx.conf': site('/index.php?$query_string').replace(
          'fastcgi_param QUERY_STRING $query_string;',
          'include fastcgi_params;',
        ),
      },
    },
    {
      title: 'the query goes through the proxy',
      files: { 'nginx.conf': proxied('/index.php?$query_string') },
    },
  ],
  *check(deployment) {
    const servers = serversAround(deployment)
    for (const { occurrences } of deployment.nginx) {
      for (const tryFiles of occurrences.get('try_files') ?? []) {
        const index = tryFiles.args.length - 1
        const written = tryFiles.args[index]?.value ?? ''
        if (!written.startsWith('/') || /\$(?:is_args|args|query_string|request_uri|arg_)/.test(written))
          continue
        // A page of files, such as that of a single-page application, reads no query on the server.
        if (/\.html?$/.test(written)) continue
        // A script that gets its path in the query answers for the whole site; any other query is one page.
        const hasQuery = written.includes('?')
        if (hasQuery && !/\?.*\$\{?(?:document_)?uri\b/.test(written)) continue
        const home = serverAround(tryFiles)
        const server = home === null ? undefined : servers.get(home)
        if (server === undefined || !isQueryLost(deployment, server, tryFiles)) continue
        if (readsPathAlone(deployment, server, tryFiles, written)) continue
        const at = argumentPlace(tryFiles, index)
        // The index of a directory gets the query.
        const keepsDirectories = tryFiles.args.some(({ value }) => value === '$uri/')
        yield {
          at,
          message: hasQuery
            ? `\`try_files\` falls back to \`${written}\` without the query of the request, so the script gets no other parameter`
            : `\`try_files\` falls back to \`${written}\` without the query, so the script gets none for a path that is no file${keepsDirectories ? ' and no directory' : ''}`,
          label: 'keeps no query',
          ...(placeText(at) === written
            ? propose('Repeat the query', 'unsafe', [
                insertAfter(at, hasQuery ? '&$query_string' : '?$query_string'),
              ])
            : {}),
        }
      }
    }
  },
})

/**
 * True for a script of another name than a front controller has, which reads the path of the request and no parameter: it
 * makes the files that are missing.
 */
function readsPathAlone(
  deployment: Deployment,
  { configuration }: NginxServer,
  { parent }: NginxDirective,
  written: string,
): boolean {
  if (parent === null || /(?:index|app|main|router?|front)\.php$|[?$]/.test(written)) return false
  const base = fileBase(configuration, parent)
  if (!base.known || base.value.kind !== 'root') return false
  const source = sourceAt(deployment.filesOf(configuration), posix.join(base.value.path, written))
  return (
    source?.text.includes('REQUEST_URI') === true &&
    !/\$_(?:GET|REQUEST)\b|QUERY_STRING|INPUT_GET|parse_str/.test(source.text)
  )
}

function isQueryLost(deployment: Deployment, server: NginxServer, tryFiles: NginxDirective): boolean {
  const { parent } = tryFiles
  if (parent === null || isOfFiles(parent)) return false
  // A page that a cache has kept is not there for every request.
  const looksForPages = tryFiles.args.some(({ value }) => /\$.*\.html?$/.test(value))
  return pathsInto(parent).some(path => {
    if (path.includes('?')) return false
    const answer = askServer(deployment, server, `${path}?asked=1`, {
      into: parent,
      alsoLocal: true,
      ...(looksForPages && { assume: isScript }),
    })
    if (answer === null || answer.end.kind !== 'pass') return false
    if (!answer.steps.some(step => step.kind === 'try-files' && step.directive?.parent === parent))
      return false
    if (answer.end.uri !== null) return !answer.end.uri.includes('asked=1')
    const query = answer.end.sends?.list.findLast(({ name }) => name === 'QUERY_STRING')
    if (query === undefined) return includesParameters(answer.end.target.directive)
    return (
      query.value.known === true &&
      !query.value.value.includes('asked=1') &&
      /\$(?:query_string|args)/.test(query.written)
    )
  })
}

function isScript(path: string): 'file' | null {
  return /\.(?!html?$)[A-Za-z0-9]+$/.test(path) ? 'file' : null
}

/** True for a location of files, each of which a script makes or misses: a query there is no page’s. */
function isOfFiles(block: NginxDirective): boolean {
  if (block.name !== 'location') return false
  if (OF_FILES.test(readLocation(block).name)) return true
  if (!readLocation(block).modifier.startsWith('~')) return false
  if (block.children.some(({ name }) => name === 'expires')) return true
  return pathsInto(block).every(path => /\.\w+$/.test(path))
}

const OF_FILES =
  /^\^?\/(?:[\w-]+\/)?(?:static|media|assets|uploads?|images?|img|css|js|fonts|thumb(?:nail)?s?)(?:\/|$)/

/** True where the file that comes with nginx sends the query, as it is behind the fallback: empty. */
function includesParameters({ parent }: NginxDirective): boolean {
  const lines = parent?.children ?? []
  return (
    lines.some(
      ({ name, args }) =>
        name === 'include' &&
        /(?:^|\/)(?:(?:fastcgi|uwsgi|scgi)_params|fastcgi\.conf)$/.test(args[0]?.value ?? ''),
    ) && !lines.some(({ name, args }) => name.endsWith('_param') && args[0]?.value === 'QUERY_STRING')
  )
}
