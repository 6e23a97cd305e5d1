import type { LiveAnswer, LiveCase } from '../live-case.ts'

const SITE = 'http://example.org'

/** True where the answer is the text of a file, not what a program made of it. */
function shows(text: string): (answer: LiveAnswer) => boolean {
  return ({ response }) => response.status === 200 && response.body.includes(text)
}

export const cases: readonly LiveCase[] = [
  {
    rule: 'static-files/root-in-one-location',
    shows: 'a style sheet is not found',
    files: { 'srv/www/site.css': 'body{}' },
    request: { url: 'http://example.org/site.css' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.body === 'body{}',
  },
  {
    rule: 'static-files/alias-regex-without-capture',
    shows: 'a picture that is there is not served',
    files: { '/srv/media/a.png': 'picture' },
    request: { url: 'http://example.org/media/a.png' },
    harm: ({ response }) => response.body !== 'picture' && response.status !== 0,
    sound: ({ response }) => response.body === 'picture',
  },
  {
    rule: 'static-files/root-exposes-code',
    shows: 'the text of the program comes for its path below the root',
    files: { 'opt/shop/shop/wsgi.py': 'PASSWORD = "secret"\n' },
    request: { url: `${SITE}/shop/wsgi.py` },
    harm: shows('PASSWORD'),
  },
  {
    rule: 'static-files/wsgi-dir-in-docroot',
    shows: 'the text of the script comes for its path below the document root',
    files: { 'srv/www/app/wsgi.py': 'PASSWORD = "secret"\n', 'opt/app/wsgi.py': 'PASSWORD = "secret"\n' },
    request: { url: `${SITE}:9000/app/wsgi.py` },
    harm: shows('PASSWORD'),
  },
  {
    rule: 'static-files/alias-traversal',
    shows: 'two dots behind the name lead to the directory above',
    files: { 'opt/shop/settings.py': 'PASSWORD = "secret"\n' },
    request: { url: `${SITE}/static../settings.py` },
    harm: shows('PASSWORD'),
  },
  {
    rule: 'static-files/alias-traversal',
    shows: 'the group of an expression takes the two dots with it',
    examples: { bad: 1, good: 2 },
    files: { 'opt/shop/settings.py': 'PASSWORD = "secret"\n' },
    request: { url: `${SITE}/files../settings.py` },
    harm: shows('PASSWORD'),
  },
  {
    rule: 'static-files/dotfiles-served',
    shows: 'the repository’s own configuration is an answer',
    request: { url: `${SITE}/.git/config` },
    harm: shows('[core]'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'static-files/autoindex-on',
    shows: 'the name of a file that nobody linked is in the listing',
    files: { 'srv/www/files/unlinked-backup.sql': 'x\n', 'srv/www/index.html': 'page' },
    request: { url: `${SITE}/files/` },
    harm: shows('unlinked-backup.sql'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'static-files/root-mismatch',
    shows: 'Django answers 404 for a file that it has collected',
    request: { url: `${SITE}/static/site.css` },
    harm: ({ response }) => response.status === 404 && response.body.includes('Not Found'),
    sound: shows('body {}'),
  },
  {
    rule: 'static-files/media-executable',
    shows: 'an upload is handed to PHP instead of to the client',
    files: { 'opt/shop/media/x.php': '<?php echo 1;\n' },
    request: { url: `${SITE}/media/x.php` },
    harm: ({ response }) => response.status === 502,
    sound: shows('<?php'),
  },
  {
    rule: 'static-files/root-repeats-location',
    shows: 'a file that is there is not found',
    files: { 'srv/shop/static/site.css': 'body {}' },
    request: { url: `${SITE}/static/site.css` },
    harm: ({ response }) => response.status === 404,
    sound: shows('body {}'),
  },
  {
    rule: 'static-files/alias-slash-missing',
    shows: 'a file that is there is not found',
    files: { 'srv/img/a.css': 'body {}' },
    request: { url: `${SITE}/img/a.css` },
    harm: ({ response }) => response.status === 404,
    sound: shows('body {}'),
  },
  {
    rule: 'static-files/php-source-served',
    shows: 'a page that is missing brings the source of the start script',
    files: { 'srv/www/index.php': '<?php $password = "secret";' },
    request: { url: `${SITE}/missing` },
    harm: shows('secret'),
    // Nothing listens for PHP: 502 says that nginx has tried to reach it.
    sound: ({ response }) => response.status === 502,
  },
  {
    rule: 'static-files/php-source-served',
    shows: 'the expression that comes first serves the script as a file',
    examples: { bad: 1, good: 1 },
    files: { 'srv/www/blog/index.php': '<?php $password = "secret";' },
    request: { url: `${SITE}/blog/` },
    harm: shows('secret'),
    sound: ({ response }) => response.status === 502,
  },
  {
    rule: 'static-files/types-without-css',
    shows: 'a style sheet is plain text',
    files: { 'srv/www/site.css': 'body {}', 'etc/nginx/mime.types': 'types {\n    text/css css;\n}\n' },
    request: { url: `${SITE}/site.css` },
    harm: ({ response }) => response.headers['content-type'] !== 'text/css',
    sound: ({ response }) => response.headers['content-type'] === 'text/css',
  },
  {
    rule: 'static-files/missing-asset-answers-page',
    shows: 'a script that is missing is HTML',
    files: { 'srv/www/index.html': '<h1>Page</h1>' },
    request: { url: `${SITE}/app.1234.js` },
    harm: shows('<h1>'),
    sound: ({ response }) => response.status === 404,
  },
  {
    rule: 'static-files/root-is-file-system',
    shows: 'the accounts of the machine are a page',
    request: { url: `${SITE}/etc/passwd` },
    harm: shows('root:'),
  },
  {
    rule: 'static-files/htaccess-not-applied',
    shows: 'the rules of the site are a page',
    request: { url: `${SITE}/.htaccess` },
    harm: shows('Require all denied'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'static-files/start-page-cacheable',
    shows: 'the page says nothing of caches',
    files: { 'srv/www/index.html': 'start' },
    request: { url: `${SITE}/` },
    harm: ({ response }) => response.status === 200 && response.headers['cache-control'] === undefined,
    sound: ({ response }) => response.headers['cache-control'] === 'no-cache',
  },
  {
    rule: 'static-files/page-not-there',
    shows: 'the start page is refused',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 403,
    sound: ({ response }) => response.body.trim() === 'start page',
  },
]
