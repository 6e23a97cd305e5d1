import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { askHtaccess } from '../../src/deployment/requests/ask-htaccess.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { anonymousRequestOnly } from '../../src/deployment/requests/anonymous-request.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
      ${lines}
  }
`
const DENIED = {
  'srv/www/index.html': 'page\n',
  'srv/www/data/.htaccess': 'Require all denied\n',
  'srv/www/data/users.csv': 'ann\n',
}
const PHP = conf`
  location ~ \.php$ {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass 127.0.0.1:9000;
  }
`
const IN_FRONT = conf`
  location / {
      proxy_pass http://127.0.0.1:9000;
  }
  location ~* \.(?:pdf|png|css|js)$ {
      expires 30d;
  }
`
const PASSWORD = conf`
  AuthType Basic
  AuthName members
  AuthUserFile /etc/apache2/users
  Require valid-user
`
const NAMES = conf`
  <FilesMatch "\.(ini|log|sql)$">
      Require all denied
  </FilesMatch>
`
const refused = conf`
  location /data/ {
      deny all;
  }
  location ~ /\.ht {
      deny all;
  }
`

export default defineRule({
  summary: 'nginx serves what a `.htaccess` refuses',
  severity: 'warning',
  otherSeverities: { info: 'where no file is found of which a client would gain anything' },
  confidence: 'high',
  securitySeverity: 6.5,
  cwe: [552],
  since: '0.1.0',
  why: 'nginx reads no `.htaccess`. Applications of PHP lay one into each directory that is meant for nobody: data, caches, logs, configurations. Others refuse files by their names, or ask for a password. Apache obeys, and nginx sends the files to whoever asks for them, be it alone or in front of an Apache that is never asked for them.',
  remedy:
    'Refuse it in a location of nginx as well: `location /data/ { deny all; }`, or `auth_basic` for a password',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_access_module.html',
    'https://www.f5.com/company/blog/nginx/creating-nginx-rewrite-rules',
  ],
  bad: [
    {
      title: 'directories that the application fills',
      files: {
        'nginx.conf': site(conf`
          location / {
              try_files $uri $uri/ /index.php?$args;
          }
          location ~ /\.ht {
              deny all;
          }
          ${PHP}
        `).replace('/srv/www;', '«/srv/www»;'),
        'srv/www/index.php': '<?php\n',
        'srv/www/storage/logs/.htaccess': 'Require all denied\n',
        'srv/www/storage/logs/index.html': '\n',
        'srv/www/storage/backups/.htaccess': 'Deny from all\n',
      },
    },
    {
      title: 'a directory of data',
      files: { 'nginx.conf': site('').replace('/srv/www', '«/srv/www»'), ...DENIED },
    },
    {
      title: 'the language of Apache 2.2, two directories down',
      files: {
        'nginx.conf': site('location ~ /\\.ht { deny all; }').replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/app/logs/.htaccess': conf`
          <IfModule mod_authz_core.c>
              Require all denied
          </IfModule>
          <IfModule !mod_authz_core.c>
              Order deny,allow
              Deny from all
          </IfModule>
        `,
        'srv/www/app/logs/error.log': 'lines\n',
      },
    },
    {
      title: 'a password for scripts',
      files: {
        'nginx.conf': site(PHP).replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/admin/.htaccess': PASSWORD,
        'srv/www/admin/index.php': '<?php\n',
      },
    },
    {
      title: 'documents that nginx sends itself, in front of Apache',
      files: {
        'nginx.conf': site(IN_FRONT).replace('/srv/www', '«/srv/www»'),
        'srv/www/members/.htaccess': PASSWORD,
        'srv/www/members/plan.pdf': 'plan\n',
      },
    },
    {
      title: 'names that are denied',
      files: {
        'nginx.conf': site('').replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/.htaccess': NAMES,
        'srv/www/app/shop.ini': 'password = secret\n',
      },
    },
    {
      title: 'a rule of mod_rewrite',
      files: {
        'nginx.conf': site('').replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/.htaccess': conf`
          RewriteEngine On
          RewriteRule ^backup/ - [F]
        `,
        'srv/www/backup/shop.sql': 'insert\n',
      },
    },
    {
      title: 'a file of which a client gains nothing: advice',
      files: {
        'nginx.conf': site('').replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/app/.htaccess': 'Require all denied\n',
        'srv/www/app/theme.yaml': 'colour: blue\n',
      },
    },
    {
      title: 'a table behind settings that everybody has',
      files: {
        'nginx.conf': site('').replace('/srv/www', '«/srv/www»'),
        'srv/www/index.html': 'page\n',
        'srv/www/app/.htaccess': 'Require all denied\n',
        'srv/www/app/cacert.pem': 'an authority\n',
        'srv/www/app/theme.yaml': 'colour: blue\n',
        'srv/www/app/users.csv': 'ann\n',
      },
    },
  ],
  good: [
    {
      title: 'names that nginx denies too',
      files: {
        'nginx.conf': site(conf`
          location ~ \.(?:ini|log|sql)$ {
              deny all;
          }
        `),
        'srv/www/index.html': 'page\n',
        'srv/www/.htaccess': NAMES,
        'srv/www/app/shop.ini': 'password = secret\n',
      },
    },
    {
      title: 'a password in nginx too',
      files: {
        'nginx.conf': site(conf`
          location ^~ /admin/ {
              auth_basic admin;
              auth_basic_user_file /etc/nginx/users;
              ${PHP}
          }
        `),
        'srv/www/index.html': 'page\n',
        'srv/www/admin/.htaccess': PASSWORD,
        'srv/www/admin/index.php': '<?php\n',
      },
    },
    {
      title: 'nothing but what pages load, of a directory with a password',
      files: {
        'nginx.conf': site(IN_FRONT),
        'srv/www/members/.htaccess': PASSWORD,
        'srv/www/members/style.css': 'b {}\n',
        'srv/www/members/index.php': '<?php\n',
      },
    },
    {
      title: 'a site that is closed as a whole, and robots that are',
      files: {
        'nginx.conf': site(''),
        'srv/www/index.html': 'page\n',
        'srv/www/notes.txt': 'text\n',
        'srv/www/.htaccess': 'Require all denied\n',
        'srv/www/blog/notes.txt': 'text\n',
        'srv/www/blog/.htaccess': conf`
          Require all granted
          RewriteEngine On
          RewriteCond %{HTTP_USER_AGENT} ^$|bot [NC]
          RewriteRule ^ - [F]
        `,
      },
    },
    {
      title: 'names of which nobody learns anything',
      files: {
        'nginx.conf': site(''),
        'srv/www/index.html': 'page\n',
        'srv/www/.htaccess': conf`
          <FilesMatch "\.(md|lock|json|twig)$">
              Require all denied
          </FilesMatch>
        `,
        'srv/www/composer.lock': '{}\n',
        'srv/www/readme.md': 'text\n',
      },
    },
    { title: 'refused', files: { 'nginx.conf': site(refused), ...DENIED } },
    {
      title: 'directories to be filled that nginx refuses too, or another answers for',
      files: {
        'nginx.conf': site('location ^~ /storage/ {\n    deny all;\n}'),
        'srv/www/index.html': 'page\n',
        'srv/www/storage/logs/.htaccess': 'Require all denied\n',
      },
    },
    {
      title: 'nothing but scripts and an empty page, which a program runs',
      files: {
        'nginx.conf': site(conf`
          location ~ \.php$ {
              include fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              fastcgi_pass 127.0.0.1:9000;
          }
        `),
        'srv/www/index.html': 'page\n',
        'srv/www/app/.htaccess': 'Deny from all\n',
        'srv/www/app/index.html': '\n',
        'srv/www/app/shop.php': '<?php\n',
      },
    },
    {
      title: 'one that denies a part, or lets it in again',
      files: {
        'nginx.conf': site(''),
        'srv/www/index.html': 'page\n',
        'srv/www/data/.htaccess': conf`
          Require all denied
          <Files "*.csv">
              Require all granted
          </Files>
        `,
        'srv/www/data/users.csv': 'ann\n',
        'srv/www/media/.htaccess': '<Files "*.php">\nRequire all denied\n</Files>\n',
        'srv/www/media/a.png': 'a\n',
      },
    },
    {
      title: 'Apache answers behind it',
      files: { 'nginx.conf': site('location / { proxy_pass http://127.0.0.1:9000; }'), ...DENIED },
    },
  ],
  *check(deployment) {
    for (const server of deployment.servers) {
      const { configuration, directive } = server
      const files = deployment.filesOf(configuration)
      for (const root of directivesByServer(configuration, 'root').get(directive) ?? [])
        yield* servedIn(deployment, server, root, files)
    }
  },
})

function* servedIn(deployment: Deployment, server: NginxServer, root: NginxDirective, files: FileSystem) {
  const top = (root.args[0]?.value ?? '').replace(/\/+$/, '')
  if (!/^\/./.test(top) || isComputed(top)) return
  const filled: string[] = []
  for (const { directory, refused, filledWith } of refusedBelow(files, top)) {
    if (filledWith !== null && isSentLater(server, directory, `/${filledWith}`, top)) filled.push(directory)
    const worst = worstOf(refused, path => answerOf(deployment, server, path.slice(top.length), path))
    if (worst !== null) {
      const { path, does, weighs, status, at } = worst
      const url = path.slice(top.length)
      yield {
        at: argumentPlace(root, 0),
        ...(!weighs && { severity: 'info' as const }),
        // Each file of rules is a fault of its own.
        aspect: directory,
        message: `nginx does not read \`${directory}/.htaccess\`, which ${status === 401 ? 'asks for a password' : 'denies the file'}, and ${does} \`${url}\` ${does === 'runs' ? 'for' : 'to'} whoever asks for it`,
        label: 'served',
        related: at === null ? [] : [{ at, message: 'the rule of Apache' }],
        help:
          status === 401
            ? 'Ask for the password in nginx too: `auth_basic` and `auth_basic_user_file` in a location'
            : `Refuse it in nginx too: \`location ${posix.dirname(url).replace(/\/?$/, '/')} { deny all; }\`, or a pattern for the names`,
      }
    }
  }
  const [first, ...others] = filled
  if (first === undefined) return
  const url = `${first.slice(top.length)}/`
  yield {
    at: argumentPlace(root, 0),
    aspect: first,
    message: `nginx does not read \`${first}/.htaccess\`, which denies everything, and sends whatever the application puts into \`${url}\`${others.length === 0 ? '' : `, ${others.map(each => `\`${each.slice(top.length)}/\``).join(', ')}`}`,
    label: 'served',
    help: `Refuse it in nginx too: \`location ${url} { deny all; }\``,
  }
}

/** True where nginx sends a file of this name as soon as somebody puts one there. */
function isSentLater(server: NginxServer, directory: string, name: string, top: string): boolean {
  const path = directory + name
  const end = anonymousRequestOnly(server, path.slice(top.length), path)
  return end.kind === 'file' && end.path === path
}

interface ServedFile extends RefusedFile {
  readonly does: Served
  /** True where a client gains something by it. */
  readonly weighs: boolean
}

/** Of the files that nginx sends or runs the first of weight, else the first; null where it does neither with any. */
function worstOf(refused: readonly RefusedFile[], ask: (path: string) => Served | null): ServedFile | null {
  let first: ServedFile | null = null
  for (const file of refused) {
    const does = ask(file.path)
    // A script that nobody is to see shows nothing when it runs; one behind a password is what that protects.
    if (does === null || (does === 'runs' && file.status !== 401)) continue
    const served = { ...file, does, weighs: does === 'runs' || OF_WEIGHT.test(file.path) }
    if (served.weighs) return served
    first ??= served
  }
  return first
}

type Served = 'sends' | 'runs'

/** What nginx does for an anonymous client with a file that is there: sends it, or has its script run; null for neither. */
function answerOf(deployment: Deployment, server: NginxServer, url: string, path: string): Served | null {
  const end = askServer(deployment, server, url)?.end
  if (end?.kind === 'file') return end.path === path ? 'sends' : null
  return end?.kind === 'pass' && end.target.protocol === 'fastcgi' && url.endsWith('.php') ? 'runs' : null
}

/** So many directories are looked into, */
const MOST = 400
/** so deep, */
const DEEPEST = 3
/** and so many files are asked for of each `.htaccess`. */
const MOST_FILES = 60

interface RefusedFile {
  readonly path: string
  readonly status: 401 | 403
  /** The line that refuses it. */
  readonly at: Place | null
}

interface RefusingDirectory {
  readonly directory: string
  /** True where it refuses everything that lies in it. */
  readonly isWhole: boolean
  readonly refused: readonly RefusedFile[]
  /** The name of a file that the application will put there, where there is none yet; null elsewhere. */
  readonly filledWith: string | null
}

/** Directories for what no client is to see, and what comes to lie there. */
const FILLED: readonly (readonly [RegExp, string])[] = [
  [/^(?:back-?ups?|dumps?)$/i, 'backup.sql'],
  [/^logs?$/i, 'application.log'],
  [/^sessions?$/i, 'sess_1'],
]

function filledWith(directory: string): string | null {
  return FILLED.find(([name]) => name.test(posix.basename(directory)))?.[1] ?? null
}

/** Lines that refuse anything. */
const REFUSING =
  /^[ \t]*(?:Require|Deny)\b|^[ \t]*RewriteRule\b.*\[(?:[^\]]*,)?(?:F|forbidden)\b|^[ \t]*Redirect(?:Match)?[ \t]+403\b/im

/** The files that httpd would refuse an anonymous client; servers of plain HTTP and of TLS have one root. */
const refusedBelow = memoByKey((files: FileSystem, top: string): readonly RefusingDirectory[] => {
  const found: RefusingDirectory[] = []
  for (const directory of directoriesBelow(files, top)) {
    // What lies below is refused with it.
    if (found.some(each => isBelow(directory, each.directory) && each.isWhole)) continue
    const rules = sourceAt(files, `${directory}/.htaccess`)
    if (rules === null || !REFUSING.test(rules.text)) continue
    const isWhole = refusalOf(files, top, `${directory}/${MISSING}.html`) !== null
    const below = filesBelow(files, directory)
    const refused = below.flatMap(path => refusalOf(files, top, path) ?? [])
    // A site that is closed to everybody is closed for what Apache is: it may stand for the copy of somebody else.
    const told = directory === top && isWhole ? refused.filter(({ status }) => status === 401) : refused
    const later = isWhole && directory !== top && below.length === 0 ? filledWith(directory) : null
    if (told.length > 0 || later !== null)
      found.push({ directory, isWhole, refused: told, filledWith: later })
  }
  return found
})

/** A directory and those below it, outer ones first. */
function directoriesBelow(files: FileSystem, top: string): readonly string[] {
  const found = [top]
  let level = [top]
  for (let depth = 0; depth < DEEPEST; depth++) {
    level = level.flatMap(parent =>
      (files.list(parent) ?? []).flatMap(({ name, kind }) =>
        kind === 'directory' && !/^\.|^(?:node_modules|vendor)$/.test(name) ? [`${parent}/${name}`] : [],
      ),
    )
    found.push(...level.slice(0, Math.max(0, MOST - found.length)))
  }
  return found
}

/** What a client gains nothing by: what every copy of an application has, and what its pages load. */
const NOBODYS =
  /^\.|^index\.html?$|^(?:readme|licen[cs]e|copying|changelog|authors|install|upgrade|robots)|^(?:composer|package)(?:-lock)?\.(?:json|lock)$|^(?:yarn\.lock|web\.config)$|\.(?:md|css|s[ac]ss|less|js|mjs|map|woff2?|ttf|eot|otf|svg|ico|twig|tpl|po|mo)$/i

/** Data, logs, copies, documents of people, sources of scripts and settings: what a client gains something by. */
const OF_WEIGHT =
  /\.(?:sql|sqlite3?|db|mdb|csv|tsv|log|bak|old|orig|save|dump|zip|t?gz|tar|bz2|xz|7z|rar|pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|eml|mbox|vcf|ics|ini|cfg|conf|key|p12|pfx|php\d?|phtml|inc|pl|py|rb|sh)$/i

/** The files that one `.htaccess` rules. */
function filesBelow(files: FileSystem, directory: string): readonly string[] {
  const found: string[] = []
  const open = [directory]
  for (let at = open.shift(); at !== undefined && found.length < MOST_FILES; at = open.shift())
    for (const { name, kind } of files.list(at) ?? []) {
      const path = `${at}/${name}`
      if (kind === 'directory') {
        const hasOwn = files.kind(`${path}/.htaccess`) !== null
        if (!hasOwn && open.length < MOST_FILES && !/^\.|^(?:node_modules|vendor)$/.test(name))
          open.push(path)
      } else if (kind === 'file' && !NOBODYS.test(name)) found.push(path)
    }
  return found.slice(0, MOST_FILES)
}

/** How httpd refuses a file, by a line of a `.htaccess`. */
function refusalOf(files: FileSystem, top: string, path: string): RefusedFile | null {
  const { steps, end } = askHtaccess(files, top, path.slice(top.length))
  if (end.kind !== 'response' || (end.status !== 401 && end.status !== 403)) return null
  const at = end.at ?? steps.findLast(step => step.kind === 'access' || step.kind === 'rewrite')?.at ?? null
  return { path, status: end.status, at }
}
