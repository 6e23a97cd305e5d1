import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace as nginxPlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import {
  type AskedHost,
  askedHosts,
  askHost,
  urlOfDirectory,
} from '../../src/deployment/requests/ask-host.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { documentRoot } from '../../src/servers/apache/requests/document-root.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/outcome.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { frontController } from '../apache/_front-controller-examples.ts'
import { rootsOfSites } from '../php/_roots-of-sites.ts'

const PAGE = {
  'srv/www/index.html': 'every page\n',
  'srv/www/css/site.css': 'p {}\n',
}
const tree = (rules: string): Record<string, string> => ({ ...frontController(rules), ...PAGE })
const php = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${lines}
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/site.sock;
      }
    `),
  ),
  'srv/www/index.php': '<?php require "../app.php";\n',
  'srv/www/css/site.css': 'p {}\n',
})

export default defineRule({
  summary: 'Style sheets, scripts and pictures that are there are answered by the page of the application',
  severity: 'warning',
  confidence: 'medium',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'The rule that gives every URL to one script or page takes those of files, too. A browser that asks for `/css/site.css` gets a page, or an error of the application, and shows the site without styles and pictures.',
  remedy:
    'Leave alone what is there: `RewriteCond %{REQUEST_FILENAME} !-f` before the `RewriteRule`, `try_files $uri /index.php$is_args$args` in nginx',
  references: [
    'https://httpd.apache.org/docs/2.4/rewrite/remapping.html#fallback-resource',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files',
  ],
  bad: [
    { title: 'a rule without a condition', files: tree('RewriteRule ^ «/index.html» [L]') },
    {
      title: 'directories alone are left out',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} !-d
        RewriteRule ^(.*)$ «index.html?url=$1» [L,QSA]
      `),
    },
    {
      title: 'in a .htaccess alone',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteCond %{REQUEST_URI} !^/index\.php
          RewriteRule ^(.*)$ «index.php?route=$1» [L]
        `,
        'index.php': '<?php require "app.php";\n',
        'assets/site.js': 'start()\n',
      },
    },
    {
      title: 'nginx tries no file',
      files: php(conf`
        location / {
            try_files $uri/ «/index.php?$args»;
        }
      `),
    },
    {
      title: 'nginx rewrites every path',
      files: php(conf`
        location / {
            rewrite ^ «/index.php» last;
        }
      `),
    },
  ],
  good: [
    {
      title: 'what is there is left alone',
      files: tree(conf`
        RewriteCond %{REQUEST_FILENAME} !-f
        RewriteRule ^ /index.html [L]
      `),
    },
    {
      title: 'files by their names, and a directory of its own',
      files: tree(conf`
        RewriteRule \.css$ - [L]
        RewriteRule ^ /index.html [L]
      `),
    },
    {
      title: 'a script that sends files',
      files: {
        '.htaccess': 'RewriteEngine On\nRewriteRule ^(.+)$ index.php?file=$1 [L]\n',
        'index.php': '<?php readfile("site/" . $_GET["file"]);\n',
        'assets/site.js': 'start()\n',
      },
    },
    {
      title: 'a script in another directory, and sources that nobody is to have',
      files: {
        '.htaccess': 'RewriteEngine On\nRewriteRule ^(.*)$ public/index.php [L]\n',
        'public/index.php': '<?php require "../app.php";\n',
        'assets/site.js': 'start()\n',
        'vendor/some/style.css': 'p {}\n',
      },
    },
    {
      title: 'nginx looks for files first, or has a location for them',
      files: php(conf`
        location / {
            try_files $uri /index.php?$args;
        }
      `),
    },
    {
      title: 'a location for files beside the rewrite',
      files: php(conf`
        location / {
            rewrite ^ /index.php last;
        }
        location /css/ {
        }
      `),
    },
  ],
  *check(deployment) {
    yield* ofApache(deployment)
    yield* ofNginx(deployment)
  },
})

function* ofApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const asked of askedHosts(deployment)) {
    const files = deployment.filesOf(asked.configuration)
    if (placedRules(asked.configuration, files).length === 0) continue
    for (const directory of directoriesOf(deployment, asked)) {
      const base = urlOfDirectory(asked, directory)
      if (base === null) continue
      const asset = assetIn(files, directory)
      if (asset === null) continue
      const { steps, end } = askHost(deployment, asked, encodeURI(base + asset))
      const script = scriptOf(end)
      const rule = steps.findLast(
        ({ kind, directive }) => kind === 'rewrite' && directive?.name === 'RewriteRule',
      )
      if (script === null || rule?.directive == null || posix.dirname(script) !== directory) continue
      if (sendsFiles(files, script)) continue
      yield finding(argumentPlace(rule.directive, 1), base + asset, posix.basename(script))
    }
  }
}

/** The document root, and directories below it with rules of their own. */
function directoriesOf({ filesOf }: Deployment, asked: AskedHost): readonly string[] {
  const { configuration, host } = asked
  const directories = placedRules(configuration, filesOf(configuration)).flatMap(({ htaccess }) =>
    htaccess === null || (htaccess.virtualHost ?? null) !== host
      ? []
      : [htaccess.directory.replace(/(?<=.)\/$/, '')],
  )
  const root = documentRoot(asked)
  const top = root.known ? [fromBytes(root.value).replace(/(?<=.)\/$/, '')] : []
  return [...new Set([...top, ...directories])]
}

function scriptOf(end: ApacheEnd): string | null {
  if (end.kind === 'handler' || end.kind === 'file') return PAGES.test(end.path) ? end.path : null
  const path = end.kind === 'pass' ? /^fcgi:\/\/[^/]*(\/[^?]*)/.exec(end.url)?.[1] : undefined
  return path !== undefined && PAGES.test(path) ? path : null
}

function* ofNginx(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.nginx) {
    if (!configuration.occurrences.has('fastcgi_pass')) continue
    const files = deployment.filesOf(configuration)
    for (const { server, path } of rootsOfSites(deployment, configuration)) {
      const asset = assetIn(files, path)
      const answer = asset === null ? null : askServer(deployment, server, `/${asset}`)
      const at = answer === null ? null : placeOf(answer)
      const script = `${path}/index.php`
      if (at === null || files.kind(script) !== 'file' || sendsFiles(files, script)) continue
      yield finding(at, `/${asset}`, 'index.php')
    }
  }
}

/** The line that leads to the script at the top of the site, which PHP is to run; null where none does. */
function placeOf({ steps, end }: Outcome): Place | null {
  if (end.kind !== 'pass' || end.target.protocol !== 'fastcgi') return null
  const step = steps.findLast(
    ({ kind, directive }) =>
      (kind === 'try-files' && directive !== null) || (kind === 'rewrite' && directive?.name === 'rewrite'),
  )
  const line = step?.directive
  if (line == null) return null
  const index = line.name === 'rewrite' ? 1 : line.args.length - 1
  return /^\/index\.php(?:[?$/]|$)/.test(line.args[index]?.value ?? '') ? nginxPlace(line, index) : null
}

function finding(at: Place, url: string, script: string): RuleFinding {
  return {
    at,
    message: `\`${url}\` is there, and is answered by \`${script}\` like every other URL`,
    label: 'takes files, too',
  }
}

const PAGES = /\/index\.(?:php|html?)$/

/** Directories of what pages are made up of. */
const OF_ASSETS =
  /^(?:assets?|static|css|styles?|stylesheets|js|javascripts?|scripts|img|images?|fonts?|dist)$/i
const ASSET = /\.(?:css|js|png|jpe?g|gif|svg|webp|ico|woff2?)$/i

/** A file of styles, scripts or pictures below a directory, by its path in it; null where none is known. */
function assetIn(files: FileSystem, directory: string): string | null {
  for (const { name, kind } of files.list(directory) ?? []) {
    if (kind !== 'directory' || !OF_ASSETS.test(name)) continue
    const path = posix.join(directory, name)
    // What has rules of its own is another matter.
    if (files.kind(`${path}/.htaccess`) !== null) continue
    const found = (files.list(path) ?? []).find(each => each.kind === 'file' && ASSET.test(each.name))
    if (found !== undefined) return `${name}/${found.name}`
  }
  return null
}

/** True for a script that reads files for its clients. */
function sendsFiles(files: FileSystem, script: string): boolean {
  const text = sourceAt(files, script)?.text ?? ''
  return /readfile|fpassthru|file_get_contents|sendfile|mime/i.test(text)
}
