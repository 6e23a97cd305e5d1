import type { Fact } from '../../parsers/text/fact.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { programName } from '../../src/deployment/destination-words.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { behindNginx, serviceUnit } from './_examples.ts'
import { loadedBy } from './_loaded-files.ts'
import { codeOfModule } from './_python-at-import.ts'
import { unescapedIn } from './_url-passwords.ts'

const DATABASE = /* @__PURE__ */ conf`
  import dj_database_url
  ALLOWED_HOSTS = ["example.org"]
  DATABASES = {"default": dj_database_url.config(conn_max_age=600)}
`
const django = (variable: string, settings = DATABASE): Record<string, string> =>
  djangoBehindNginx({
    settings,
    environment: conf`
      environment:
        - ${variable}
    `,
  })
const flask = (env: string, lines = ''): Record<string, string> =>
  behindNginx(serviceUnit('/usr/bin/gunicorn web:app', 'EnvironmentFile=/etc/shop/shop.env'), {
    'etc/shop/shop.env': env,
    'etc/shop/web.py': conf`
      import os
      import redis
      from flask import Flask
      app = Flask(__name__)
      ${lines}
      store = redis.from_url(os.environ["REDIS_URL"])
    `,
  })

export default defineRule({
  summary: 'The password in the URL of a database, Redis or a broker ends the URL',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'What takes a URL apart ends its host at the first `#`, `/` or `?`. Where one of them stands in the password as it is, the name of the user is read as the host and the beginning of the password as the port: `ValueError: Port could not be cast to integer value`, or a host that nobody knows. The application does not start, while `psql` and `redis-cli` take the same password.',
  remedy: 'Percent-encode the password: `%23` for `#`, `%2F` for `/`, `%3F` for `?`',
  references: [
    'https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1',
    'https://github.com/jazzband/dj-database-url#url-schema',
    'https://django-environ.readthedocs.io/en/latest/tips.html#using-unsafe-characters-in-urls',
  ],
  unproven: 'The machines of the live tests have none of the libraries that read such a URL',
  bad: [
    {
      title: 'a database, for dj-database-url',
      files: django('DATABASE_URL=postgres://shop:k7«#»Vq2xLp9@db:5432/shop'),
    },
    {
      title: 'a database, for django-environ',
      files: django(
        'DB_URL=mysql://shop:k7«/»Vq2xLp9@db/shop',
        conf`
          import environ
          env = environ.Env()
          ALLOWED_HOSTS = ["example.org"]
          DATABASES = {"default": env.db("DB_URL")}
        `,
      ),
    },
    {
      title: 'the broker of Celery',
      files: django(
        'CELERY_BROKER_URL=amqp://shop:k7«?»Vq2xLp9@mq:5672//',
        conf`
          import os
          ALLOWED_HOSTS = ["example.org"]
          CELERY_BROKER_URL = os.environ["CELERY_BROKER_URL"]
        `,
      ),
    },
    {
      title: 'Redis, in a file of a unit',
      files: flask('REDIS_URL=redis://:k7«#»Vq2xLp9@127.0.0.1:6379/0\n'),
    },
  ],
  good: [
    {
      title: 'a password that is encoded',
      files: django('DATABASE_URL=postgres://shop:k7%23Vq2xLp9@db:5432/shop'),
    },
    {
      title: 'characters that a URL has behind its host',
      files: flask('REDIS_URL=redis://:k7Vq2xLp9@127.0.0.1:6379/0?timeout=5#cache\n'),
    },
    {
      title: 'an `@` and a colon, of which Python takes the last and the first',
      files: django('DATABASE_URL=postgres://shop:k7@V:q2@db:5432/shop'),
    },
    {
      title: 'a character that django-environ encodes',
      files: django(
        'DB_URL=mysql://shop:k7#Vq2xLp9@db/shop',
        conf`
          import environ
          env = environ.Env()
          ALLOWED_HOSTS = ["example.org"]
          DATABASES = {"default": env.db("DB_URL")}
        `,
      ),
    },
    { title: 'no password', files: flask('REDIS_URL=redis://127.0.0.1:6379/0\n') },
    {
      title: 'an application that encodes it',
      files: flask(
        'REDIS_URL=redis://:k7#Vq2xLp9@127.0.0.1:6379/0\n',
        'os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("#", "%23")',
      ),
    },
    {
      title: 'a variable that nothing reads, and one that is put together later',
      files: flask('OTHER_URL=redis://:k7#V@127.0.0.1/0\nREDIS_URL=redis://:${PASSWORD}#1@127.0.0.1/0\n'),
    },
    {
      title: 'a database that SQLAlchemy reads, which takes all but `@`',
      files: flask(
        'REDIS_URL=redis://127.0.0.1:6379/0\nDATABASE_URL=postgresql://shop:k7#Vq2xLp9@127.0.0.1/shop\n',
        'app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]',
      ),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      if (!program.isSeen) continue
      const codes = codesOf(deployment, program)
      for (const { name, scheme, ends } of codes.flatMap(readIn)) {
        const fact = variableOf(program, name)
        const value = fact?.known === true ? fact.value : ''
        const fault = scheme.test(value) ? unescapedIn(value, ends) : null
        if (fact?.at == null || fault === null) continue
        const encoded = `%${fault.character.charCodeAt(0).toString(16).toUpperCase()}`
        yield {
          at: characterAt(fact.at, value, fault.offset),
          message: `the password in \`${name}\` has a \`${fault.character}\`, which ends the host for what reads it in ${programName(program)}: Port could not be cast to integer value`,
          label: 'not encoded',
          help: `Write \`${encoded}\` in its place`,
        }
      }
    }
  },
})

function variableOf({ server, environment }: AppServerProgram, name: string): Fact<string> | null {
  return server.environment.find(each => each.name === name)?.value ?? environment(name)
}

/** The modules that a program loads, or the files of its settings; none where one of them may encode what it reads. */
function codesOf(deployment: Deployment, program: AppServerProgram): readonly string[] {
  const loaded = deployment.moduleOf(program)
  const read = loaded === null || loaded.settings !== null ? null : loadedBy(deployment, program)
  const files = read?.files ?? program.machine.container?.files ?? program.machine.files
  const paths = loaded?.settings?.files ?? read?.paths ?? []
  const sources = paths.flatMap(path => sourceAt(files, path) ?? [])
  return sources.some(({ text }) => ENCODES.test(text)) ? [] : sources.map(codeOfModule)
}

const ENCODES = /\bquote(?:_plus)?\b|%23|\burlsplit\b|\burlparse\b|\.replace\(\s*["'][#/?]["']/

const OF_DATABASES = /^(?:postgres|postgresql|postgis|pgsql|mysql|mysql2|mysqlgis|cockroach)\w*:/i
const OF_STORES = /^(?:rediss?|rediscache|amqps?|pyamqp):/i

interface ReadUrl {
  readonly name: string
  /** Schemes of the URLs that a library of Python takes apart there. */
  readonly scheme: RegExp
  /** The characters that end the host there. */
  readonly ends: string
}

/** The variables of a module whose URLs libraries take apart by the rules of Python. */
function readIn(code: string): readonly ReadUrl[] {
  const found = [...code.matchAll(READ)].map(match => ({
    name: match[2] ?? match[4] ?? match[6] ?? '',
    scheme: OF_STORES,
    ends: '#/?',
  }))
  const databases = [...code.matchAll(DATABASE_READ)].map(match => ({
    name: match[2] ?? 'DATABASE_URL',
    scheme: OF_DATABASES,
    // django-environ reads a URL without a path anew, with its `#` encoded, since 0.11.
    ends: match[0].includes('dj_database_url') || /\bdj_db_url\b/.test(match[0]) ? '#/?' : '/?',
  }))
  return [
    ...new Map([...found, ...databases].map(each => [`${each.name} ${each.scheme.source}`, each])).values(),
  ]
}

const READ =
  /\benviron\[(["'])(\w+)\1\](?!\s*=[^=])|\b(?:environ\.get|getenv)\(\s*(["'])(\w+)\3|\b\w*(?:env|config)\w*(?:\.(?:str|url|cache|cache_url))?\(\s*(["'])(\w+)\5/g
/** `dj_database_url.config()`, `dj_database_url.parse(os.environ["NAME"])`, `env.db("NAME")`. */
const DATABASE_READ =
  /\bdj_database_url\.config\((?!\s*(?:env\s*=\s*)?["'])|\b(?:dj_database_url\.config\(\s*(?:env\s*=\s*)?|dj_database_url\.parse\(\s*(?:os\.)?(?:environ\[|environ\.get\(|getenv\(|\w*env\w*\(|config\()\s*|\w*env\w*\.(?:db|db_url|dj_db_url)\(\s*)(["'])(\w+)\1|\b\w*env\w*\.(?:db|db_url)\(\s*(?!["'\s])/g

/** The character alone where the value stands as it is, else all that was written. */
function characterAt(at: Place, value: string, offset: number): Place {
  const index = placeText(at).indexOf(value)
  if (index === -1) return at
  const start = at.start + index + offset
  return { source: at.source, start, end: start + 1 }
}
