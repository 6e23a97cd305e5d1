import { withoutComments } from '../../parsers/python/without-comments.ts'
import { conf } from '../../src/engine/conf.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from './_examples.ts'
import { djangoProjects } from './_projects.ts'
import { someFile, entryPlace, settingPlace, settingValue } from './_setting-entries.ts'

const project = (entry: string, lines = ''): Record<string, string> =>
  djangoBehindNginx({
    settings: conf`
      ALLOWED_HOSTS = ["example.org", "web"]
      DATABASES = {
          "default": {
              "ENGINE": "django.db.backends.postgresql",
              "HOST": "db",
              ${entry}
          }
      }
      ${lines}
    `,
  })

export default defineRule({
  summary: 'Django does not read a setting of the database where it stands',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Of each database Django reads `NAME`, `USER`, `PASSWORD`, `HOST`, `PORT`, `OPTIONS`, `CONN_MAX_AGE` and a few more, and passes over every other key without a word: with `USERNAME` in place of `USER` it connects as whoever runs the application (`fe_sendauth: no password supplied`, `Peer authentication failed`). `CONN_MAX_AGE`, `ATOMIC_REQUESTS` and `DISABLE_SERVER_SIDE_CURSORS` are keys of a database, and no settings beside `DATABASES`: there they do nothing.',
  remedy: 'Write the key that Django reads, inside of the database',
  references: ['https://docs.djangoproject.com/en/stable/ref/settings/#databases'],
  unproven: 'what differs is the connection to a database, which is none of the servers that are tried',
  bad: [
    { title: 'another word for the user', files: project('"NAME": "shop",\n«"USERNAME"»: "shop",') },
    { title: 'another word for the name', files: project('«"DATABASE"»: "shop",') },
    {
      title: 'a key of the database beside it',
      files: project('"NAME": "shop",', '«CONN_MAX_AGE» = 600'),
    },
    {
      title: 'cursors of a pool',
      files: project(
        '"NAME": "shop",',
        'import os\n«DISABLE_SERVER_SIDE_CURSORS» = bool(os.environ.get("DISABLE_SERVER_SIDE_CURSORS"))',
      ),
    },
  ],
  good: [
    {
      title: 'the keys of Django',
      files: project('"NAME": "shop",\n"USER": "shop",\n"PASSWORD": "x",\n"CONN_MAX_AGE": 600,'),
    },
    {
      title: 'a value that the database is given',
      files: project(
        '"NAME": "shop",\n"CONN_MAX_AGE": 60,',
        'CONN_MAX_AGE = 60\nDATABASES["default"]["CONN_MAX_AGE"] = CONN_MAX_AGE',
      ),
    },
    {
      title: 'another engine, with keys of its own',
      files: djangoBehindNginx({
        settings: conf`
          ALLOWED_HOSTS = ["example.org", "web"]
          DATABASES = {"default": {"ENGINE": "djongo", "NAME": "shop", "DATABASE": "shop"}}
        `,
      }),
    },
  ],
  *check(deployment) {
    for (const { settings, files } of djangoProjects(deployment)) {
      yield* keys(settings)
      yield* beside(settings, files)
    }
  },
})

/** What people write, and the key that Django reads. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ['DATABASE', 'NAME'],
  ['DATABASE_NAME', 'NAME'],
  ['DB', 'NAME'],
  ['DBNAME', 'NAME'],
  ['DB_NAME', 'NAME'],
  ['USERNAME', 'USER'],
  ['DB_USER', 'USER'],
  ['PASS', 'PASSWORD'],
  ['PASSWD', 'PASSWORD'],
  ['HOSTNAME', 'HOST'],
  ['SERVER', 'HOST'],
  ['ATOMIC_REQUEST', 'ATOMIC_REQUESTS'],
  ['CONN_HEALTH_CHECK', 'CONN_HEALTH_CHECKS'],
  ['CONNECTION_MAX_AGE', 'CONN_MAX_AGE'],
  ['OPTION', 'OPTIONS'],
])

function* keys(settings: DjangoSettings) {
  const databases = settingValue(settings, 'DATABASES')
  if (!(databases instanceof Map)) return
  for (const [alias, database] of databases as ReadonlyMap<string, unknown>) {
    if (!(database instanceof Map)) continue
    const engine = (database as ReadonlyMap<string, unknown>).get('ENGINE')
    if (typeof engine !== 'string' || !/^django\.(?:contrib\.gis\.)?db\.backends\./.test(engine)) continue
    for (const key of (database as ReadonlyMap<string, unknown>).keys()) {
      const now = MEANT.get(key)
      const at = now === undefined ? null : entryPlace(settings, 'DATABASES', [alias, key], 'key')
      if (at === null || now === undefined) continue
      yield {
        at,
        message: `Django reads \`${now}\` of a database, and never \`${key}\``,
        label: 'not read',
        help: `Write \`${now}\``,
      }
    }
  }
}

const OF_DATABASE = ['CONN_MAX_AGE', 'CONN_HEALTH_CHECKS', 'ATOMIC_REQUESTS', 'DISABLE_SERVER_SIDE_CURSORS']

function* beside(settings: DjangoSettings, files: FileSystem) {
  if (!settings.names.has('DATABASES')) return
  for (const name of OF_DATABASE) {
    if (!settings.names.has(name)) continue
    // A reader of the environment may be told the same name.
    const pattern = new RegExp(`(?<!["'])\\b${name}\\b(?!\\s*=[^=])(?!["'])|["']${name}["']\\s*[\\]:]`)
    const isUsed = someFile(settings, files, text => pattern.test(withoutComments(text)))
    const at = isUsed ? null : settingPlace(settings, name)
    if (at === null) continue
    yield {
      at,
      message: `\`${name}\` is a key of a database in \`DATABASES\`, and beside it Django does not read it`,
      label: 'not read here',
      help: `Write it inside of the database: \`DATABASES["default"]["${name}"] = …\``,
    }
  }
}
