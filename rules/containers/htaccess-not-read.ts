import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { looseImages, runImages } from './_images.ts'
import { readsNoHtaccess } from './_sites-of-apache-image.ts'
import { startedBy } from './_started-words.ts'

const FRONT_CONTROLLER = conf`
  RewriteEngine On
  RewriteCond %{REQUEST_FILENAME} !-f
  «RewriteRule» ^ /index.html [L]
`
const PAGE = { 'public/index.html': '<!doctype html>\n' }
const site = (steps: string, lines = FRONT_CONTROLLER): Record<string, string> => ({
  Dockerfile: conf`
    FROM httpd:2.4
    ${steps}
  `,
  'public/.htaccess': lines,
  ...PAGE,
})
const COPY = 'COPY public/ /usr/local/apache2/htdocs/'

export default defineRule({
  summary: 'The image of `httpd` serves a directory with a `.htaccess`, which it does not read',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`httpd.conf` of the image has `AllowOverride None` for `/usr/local/apache2/htdocs`: what a `.htaccess` there rewrites, denies or protects by a password is as if it were not written. Pages that a front controller answers are 404, and closed directories are open. Nothing says so in a log.',
  remedy:
    "Let the file be read in the image, and load what it needs: `RUN sed -ri 's/AllowOverride None/AllowOverride All/; s/^#(LoadModule rewrite_module)/\\1/' conf/httpd.conf`",
  references: [
    'https://httpd.apache.org/docs/2.4/mod/core.html#allowoverride',
    'https://hub.docker.com/_/httpd',
  ],
  unproven: 'The live tests start no containers',
  bad: [
    { title: 'a front controller, in an image that no compose file builds', files: site(COPY) },
    {
      title: 'a closed directory, by a compose file',
      files: {
        'compose.yaml': conf`
          services:
            web:
              image: httpd:2.4-alpine
              ports: ["80:80"]
              volumes:
                - ./public:/usr/local/apache2/htdocs/:ro
        `,
        ...PAGE,
        'public/data/.htaccess': '«Require» all denied\n',
        'public/data/list.csv': 'a;b\n',
      },
    },
    {
      title: 'only the module is loaded',
      files: site(conf`
        RUN sed -i 's/^#LoadModule rewrite_module/LoadModule rewrite_module/' conf/httpd.conf
        ${COPY}
      `),
    },
  ],
  good: [
    {
      title: 'read',
      files: site(conf`
        RUN sed -ri 's/AllowOverride None/AllowOverride All/; s/^#(LoadModule rewrite_module)/\1/' conf/httpd.conf
        ${COPY}
      `),
    },
    {
      title: 'a main file of its own',
      files: site(conf`
        COPY httpd.conf /usr/local/apache2/conf/httpd.conf
        ${COPY}
      `),
    },
    {
      title: 'what only makes a site faster',
      files: site(COPY, 'ExpiresActive On\nExpiresDefault "access plus 1 day"\n'),
    },
    {
      title: 'the image of PHP, which lets it be read',
      files: {
        ...site(COPY),
        Dockerfile: conf`
          FROM php:8.3-apache
          RUN a2enmod rewrite
          COPY public/ /var/www/html/
        `,
      },
    },
    {
      title: 'what no directory brings that is served',
      files: site('COPY public/ /srv/pages/'),
    },
  ],
  *check(deployment) {
    for (const run of [...runImages(deployment), ...looseImages(deployment)]) {
      const lost = readsNoHtaccess(run) ? lostLine(startedBy(run).files) : null
      if (lost !== null)
        yield {
          at: lost,
          message:
            'this `.htaccess` is not read: `AllowOverride None` holds for `/usr/local/apache2/htdocs` in the image of `httpd`',
          label: 'without effect',
        }
    }
  },
})

const SERVED = '/usr/local/apache2/htdocs'

/** As many directories are looked into. */
const MOST = 100

/** The first line of weight in a `.htaccess` that is served, as the container sees its files. */
function lostLine(files: FileSystem): Place | null {
  const open = [SERVED]
  for (const directory of open) {
    const line = weightyLine(files, posix.join(directory, '.htaccess'))
    if (line !== null) return line
    for (const { name, kind } of files.list(directory) ?? [])
      if (kind === 'directory' && open.length < MOST) open.push(posix.join(directory, name))
  }
  return null
}

/** Lines without which a page is not found, or found by who may not have it. */
const WEIGHTY =
  /^[ \t]*(RewriteRule|Redirect(?:Match)?|FallbackResource|Require|Deny|AuthType|AuthUserFile|ErrorDocument)[ \t]/im

function weightyLine(files: FileSystem, path: string): Place | null {
  const source = files.kind(path) === 'file' ? sourceAt(files, path) : null
  const match = source === null ? null : WEIGHTY.exec(source.code)
  if (source === null || match === null) return null
  const start = match.index + match[0].length - 1 - match[1]!.length
  return { source, start, end: start + match[1]!.length }
}
