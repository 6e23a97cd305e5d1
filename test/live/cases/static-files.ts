import type { LiveAnswer, LiveCase } from '../live-case.ts'

const SITE = 'http://example.org'

/** True where the answer is the text of a file, not what a program made of it. */
function shows(text: string): (answer: LiveAnswer) => boolean {
  return ({ response }) => response.status === 200 && response.body.includes(text)
}

export const cases: readonly LiveCase[] = [
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
    shows: 'two dots behind the name lead to the folder above',
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
    files: { 'srv/www/files/unlinked-backup.sql': 'x\n' },
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
    shows: 'an upload is handed to PHP instead of to the visitor',
    files: { 'opt/shop/media/x.php': '<?php echo 1;\n' },
    request: { url: `${SITE}/media/x.php` },
    harm: ({ response }) => response.status === 502,
    sound: shows('<?php'),
  },
]
