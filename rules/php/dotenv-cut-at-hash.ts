import { posix } from 'node:path'
import { type CutValue, cutValues } from '../../parsers/dotenv/cut-values.ts'
import type { Place } from '../../parsers/text/source.ts'
import { insertAfter, insertBefore, propose } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { dotenvReaderOf, type Home, homesOfPhp } from './_dotenv-homes.ts'
import { phpPool, phpSite, publicSite } from './_examples.ts'

const LARAVEL = '{"require":{"laravel/framework":"^11.0"}}'
const site = (env: string, composer = LARAVEL): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite().replace('/srv/www', '/srv/shop/public'),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
  'srv/shop/public/index.php': '<?php',
  'srv/shop/composer.json': composer,
  'srv/shop/.env': env,
})
const compose = (
  env: string,
  { service = '', database = '${DB_PASSWORD}' } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        volumes:
          - ./site.conf:/etc/nginx/conf.d/default.conf:ro
          - ./public:/var/www/html/public:ro
      app:
        image: php:8.3-fpm
        ${service}
        volumes:
          - ./:/var/www/html
      db:
        image: mysql:8.0
        environment:
          MYSQL_PASSWORD: ${database}
  `,
  'site.conf': publicSite,
  'composer.json': LARAVEL,
  'public/index.php': '<?php',
  '.env': env,
})

export default defineRule({
  summary: 'A value of `.env` ends at a `#`, which PHP takes for a comment',
  severity: 'error',
  otherSeverities: { warning: 'where nothing of the audit is seen to read the whole value' },
  confidence: 'high',
  since: '0.1.0',
  why: 'phpdotenv, which reads `.env` for Laravel, begins a comment at every `#` of a value without quotes, also where no blank stands before it. Compose and a shell need the blank: the database is made with the whole password, and Laravel logs in with what stands before the `#`: `SQLSTATE[HY000] [1045] Access denied for user … (using password: YES)`. Of a URL the part behind the `#` is lost.',
  remedy: 'Put the value in quotes: `DB_PASSWORD="…#…"`',
  references: [
    'https://github.com/vlucas/phpdotenv#comments',
    'https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax',
  ],
  unproven: 'The live tests have no libraries of PHP; phpdotenv 5.4 reads the value so',
  bad: [
    { title: 'a password', files: site('DB_USERNAME=shop\nDB_PASSWORD=«blue#Harbour7»\n') },
    {
      title: 'a URL of a page that JavaScript shows',
      files: site('FRONTEND_URL=«https://app.example.org/#/login»\n'),
    },
    { title: 'the database has the whole of it', files: compose('DB_PASSWORD=«blue#Harbour7»\n') },
    {
      title: 'the database has the whole of it, with a default',
      files: compose('DB_PASSWORD=«blue#Harbour7»\n', { database: '${DB_PASSWORD:-secret}' }),
    },
  ],
  good: [
    { title: 'in quotes', files: site('DB_PASSWORD="blue#Harbour7"\nA_TOKEN=\'blue#Harbour7\'\n') },
    {
      title: 'comments',
      files: site(
        'DB_PASSWORD=blue # of the harbour\nDB_HOST=db#local\nAPI_TOKEN=blue# the old one\n#DB_PASSWORD=a#b\n',
      ),
    },
    { title: 'a password that is not set, and a word about it', files: site('REDIS_PASSWORD=null#none\n') },
    {
      title: 'a reader that needs the blank',
      files: site('DB_PASSWORD=blue#Harbour7\n', '{"require":{"symfony/framework-bundle":"^7.0"}}'),
    },
    {
      title: 'phpdotenv 2, which needs it too',
      files: site('DB_PASSWORD=blue#Harbour7\n', '{"require":{"laravel/framework":"5.7.*"}}'),
    },
    {
      title: 'Compose gives the container the whole value',
      files: compose('DB_PASSWORD=blue#Harbour7\n', { service: 'env_file: .env' }),
    },
    {
      title: 'Compose gives the container this one',
      files: compose('DB_PASSWORD=blue#Harbour7\n', {
        service: 'environment:\n  DB_PASSWORD: ${DB_PASSWORD}',
      }),
    },
  ],
  *check(deployment) {
    const seen = new Set<string>()
    for (const home of homesOfPhp(deployment)) {
      const { files, by } = home
      const path = posix.join(home.home, '.env')
      const source = seen.has(path) ? null : sourceAt(files, path)
      if (source === null || source.template) continue
      if (dotenvReaderOf(files, home.home) !== 'phpdotenv' || needsBlank(files, home.home)) continue
      seen.add(path)
      for (const value of cutValues(source)) {
        if (!isWhole(value) || isGiven(home, value.name)) continue
        const other = wholeRead(home, value.name)
        yield {
          at: value.at,
          ...(other === null && { severity: 'warning' as const }),
          message: `phpdotenv begins a comment at the \`#\`, so Laravel’s \`${value.name}\` ends before it${other === null ? '' : ', and the other container gets the whole value'}`,
          label: 'cut at the `#`',
          related: [
            ...(other === null ? [] : [{ at: other, message: 'has the whole value' }]),
            { at: by, message: 'where the application runs' },
          ],
          ...propose(
            'Put the value in quotes',
            'unsafe',
            /[$\\]/.test(source.text.slice(value.at.start, value.at.end))
              ? []
              : [insertBefore(value.at, '"'), insertAfter(value.at, '"')],
          ),
        }
      }
    }
  },
})

/** A secret or an address with a `#` in it: what is written behind other values may be a word about them. */
function isWhole({ name, kept }: CutValue): boolean {
  if (/^(?:null|true|false|none|empty|\(\w+\))$/i.test(kept)) return false
  if (/^[a-z][\w+.-]*:\/\/[^/]/.test(kept)) return true
  return /(?:^|_)(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|TOKEN)(?:_|$)|PASSWORD$/i.test(name)
}

/** phpdotenv 2 of Laravel before 5.8 asks for the blank. */
function needsBlank(files: FileSystem, home: string): boolean {
  const text = sourceAt(files, posix.join(home, 'composer.json'))?.text ?? ''
  return (
    /"laravel\/(?:lumen-)?framework"\s*:\s*"[\^~]?5\.[0-7]\b/.test(text) ||
    /"vlucas\/phpdotenv"\s*:\s*"[\^~]?[12]\b/.test(text)
  )
}

/** True where the process has the variable before the file is read, which sets none that is there. */
function isGiven({ container }: Home, name: string): boolean {
  if (container === null) return false
  const { envFiles, environment, complete } = container.service
  return !complete || envFiles.length > 0 || environment.some(each => each.name === name)
}

/** Where Compose puts the value of the same file into another container; null where it does not. */
function wholeRead({ container, home }: Home, name: string): Place | null {
  if (container === null || container.project.directory !== home) return null
  const written = new RegExp(String.raw`\$\{?${name}\b`)
  for (const { environment } of container.project.services.values())
    for (const { at } of environment) if (written.test(at.source.text.slice(at.start, at.end))) return at
  return null
}
