import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { FollowedCommand } from '../../src/deployment/setups/followed-commands.ts'
import { moduleCalls } from '../../src/deployment/setups/module-calls.ts'
import { commandsOfRoot, isRunByRoot } from '../../src/deployment/setups/of-root.ts'
import { mayReach, permissionChange } from '../../src/deployment/setups/permission-changes.ts'
import { beginsAs } from '../../src/deployment/setups/preparing-commands.ts'
import { setupCommands } from '../../src/deployment/setups/setup-commands.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { accountOf } from './_account.ts'
import { APACHE_SITE, apacheImage, gunicornImage, withVolume } from './_sqlite-image-examples.ts'
import { databasesOfRootIn } from './_sqlite-in-images.ts'
import { afterCommand, type Database, databaseOf, type Left, leftBy, NOBODYS } from './_sqlite-owners.ts'

const SITE = conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:8000;
          proxy_set_header Host $host;
      }
  }
`
const project = (name: string): Record<string, string> => ({
  'shop/__init__.py': '',
  'shop/urls.py': 'urlpatterns = []\n',
  'shop/wsgi.py': conf`
    import os
    from django.core.wsgi import get_wsgi_application
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    application = get_wsgi_application()
  `,
  'shop/settings.py': conf`
    from pathlib import Path
    BASE_DIR = Path(__file__).resolve().parent.parent
    SECRET_KEY = "shop"
    ALLOWED_HOSTS = ["example.org"]
    ROOT_URLCONF = "shop.urls"
    INSTALLED_APPS = ["django.contrib.auth", "django.contrib.sessions"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ${name}}}
  `,
})
const gunicorn = (
  script: string,
  {
    account = 'User=www-data',
    name = 'BASE_DIR / "data/db.sqlite3"',
    more = {},
  }: { readonly account?: string; readonly name?: string; readonly more?: Record<string, string> } = {},
): Record<string, string> => ({
  ...project(name),
  'deploy/nginx.conf': SITE,
  'deploy/shop.service': conf`
    [Service]
    ${account}
    WorkingDirectory=/srv/shop
    EnvironmentFile=/etc/shop.env
    ExecStart=/srv/shop/venv/bin/gunicorn --bind 127.0.0.1:8000 shop.wsgi
  `,
  'deploy/setup.sh': conf`
    #!/bin/sh
    apt-get install -y git nginx python3-venv
    git clone https://git.example.org/shop.git /srv/shop
    cd /srv/shop
    ${script}
    systemctl restart shop
  `,
  ...more,
})
const inApache = (script: string): Record<string, string> => ({
  ...project('"/srv/shop/data/db.sqlite3"'),
  'deploy/apache.conf': APACHE_SITE,
  'deploy.sh': conf`
    #!/bin/sh
    cd /srv/shop
    git pull
    ${script}
    systemctl restart apache2
  `,
})
const IN_DATA = project('BASE_DIR / "data/db.sqlite3"')
const MIGRATE = 'venv/bin/python manage.py migrate --noinput'
const MARKED = 'mkdir -p data\nvenv/bin/python «manage.py» migrate --noinput'
const PLAIN = `mkdir -p data\n${MIGRATE}`

export default defineRule({
  summary: 'SQLite may not write: the database, or the directory around it, belongs to root',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'SQLite writes its journal beside the database, so that the server needs the right to write to the file and to its directory. What root makes, such as the database of a `migrate` by a script of root, it alone may write to. Pages can be read; whatever is saved, a login too, ends with `OperationalError: attempt to write a readonly database`, or `unable to open database file`.',
  remedy:
    'Give the directory and the file to the account of the server, after `migrate`: `chown -R www-data data`',
  references: [
    'https://www.sqlite.org/tempfiles.html#rollback_journals',
    'https://docs.djangoproject.com/en/stable/ref/databases/#sqlite-notes',
  ],
  unproven: 'What a script does to a machine, the live tests do not run',
  bad: [
    { title: 'root migrates', files: gunicorn(MARKED) },
    {
      title: 'the directory of the project',
      files: gunicorn('venv/bin/python «manage.py» migrate --noinput', { name: 'BASE_DIR / "db.sqlite3"' }),
    },
    {
      title: 'the file alone is given away',
      files: gunicorn(`${PLAIN}\n«chown» www-data: data/db.sqlite3`),
    },
    {
      title: 'given away before root makes the file',
      files: gunicorn(`mkdir -p data\nchown -R www-data: .\nsudo venv/bin/python «manage.py» migrate`),
    },
    {
      title: 'all belongs to root, and the file to the server',
      files: inApache(`${PLAIN}\nchown -R root:root .\n«chown» www-data data/db.sqlite3`),
    },
    {
      title: 'all belongs to root',
      files: inApache(`mkdir -p data\nchown -R www-data data\n«chown» -R root:root /srv/shop`),
    },
    {
      title: 'a build as root, with a new volume that takes the files over',
      files: apacheImage(IN_DATA, 'RUN SECRET_KEY=build python3 «manage.py» migrate --noinput', {
        compose: withVolume,
      }),
    },
    {
      title: 'an entry point of root',
      files: apacheImage(IN_DATA, '', {
        start: 'ENTRYPOINT ["./entrypoint.sh"]',
        files: {
          'entrypoint.sh': conf`
            #!/bin/sh
            set -e
            python3 «manage.py» migrate --noinput
            exec apachectl -D FOREGROUND
          `,
        },
      }),
    },
    {
      title: 'given away before the database is there',
      files: apacheImage(
        IN_DATA,
        conf`
          RUN chown -R www-data:www-data /srv/shop
          RUN python3 «manage.py» migrate
        `,
      ),
    },
    {
      title: 'the file alone is given away, in an image',
      files: apacheImage(
        IN_DATA,
        conf`
          RUN python3 manage.py migrate
          RUN «chown» www-data:www-data data/db.sqlite3
        `,
      ),
    },
    {
      title: 'the database of the repository, copied as root',
      files: Object.fromEntries(
        Object.entries(apacheImage(IN_DATA, '', { files: { 'data/db.sqlite3': 'SQLite format 3' } })).map(
          ([path, text]) => [path, text.replace('COPY . .', '«COPY» . .')],
        ),
      ),
    },
    {
      title: 'another user than that of the build',
      files: gunicornImage(
        IN_DATA,
        conf`
          RUN python «manage.py» migrate
          USER shop
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      ),
    },
    {
      title: 'gunicorn’s own user',
      files: gunicornImage(
        IN_DATA,
        conf`
          CMD ["sh", "-c", "python «manage.py» migrate && exec gunicorn --user shop --bind 0.0.0.0:8000 shop.wsgi"]
        `,
      ),
    },
  ],
  good: [
    { title: 'given away', files: gunicorn(`${PLAIN}\nchown -R www-data:www-data data`) },
    { title: 'all of it', files: gunicorn(`${PLAIN}\nchown -R "$APP_USER" /srv/shop`) },
    {
      title: 'a group that may write',
      files: gunicorn(`${PLAIN}\nchgrp -R www-data data\nchmod -R g+w data`),
    },
    {
      title: 'both by their names',
      files: gunicorn(`${PLAIN}\nchown www-data data data/db.sqlite3`),
    },
    {
      title: 'the directory, and the server migrates',
      files: gunicorn(`mkdir -p data\nchown www-data data\nsudo -u www-data ${MIGRATE}`),
    },
    {
      title: 'a shell of the account',
      files: gunicorn(`mkdir -p data\nchown www-data data\nsudo -u www-data sh -c "${MIGRATE}"`),
    },
    {
      title: 'a here-document for the account',
      files: gunicorn(`mkdir -p data\nchown www-data data\nsudo -u www-data bash <<EOF\n${MIGRATE}\nEOF`),
    },
    { title: 'a server of root', files: gunicorn(PLAIN, { account: 'Restart=always' }) },
    {
      title: 'another script gives it away',
      files: gunicorn(`${PLAIN}\ndeploy/rights.sh`, {
        more: { 'deploy/rights.sh': 'chown -R www-data /srv/shop\n' },
      }),
    },
    { title: 'a script that is not here', files: gunicorn(`${PLAIN}\n/usr/local/bin/rights.sh`) },
    {
      title: 'the unit gives it away',
      files: gunicorn(PLAIN, {
        account: 'User=www-data\nExecStartPre=+/bin/chown -R www-data /srv/shop/data',
      }),
    },
    { title: 'a deploy, which makes no directory', files: inApache(MIGRATE) },
    {
      title: 'given away before, and migrated again by the same script of a machine that is set up',
      files: inApache(`chown -R www-data /srv/shop\n${MIGRATE}`),
    },
    {
      title: 'given away by the same step of the build',
      files: apacheImage(IN_DATA, 'RUN python3 manage.py migrate && chown -R www-data:www-data data'),
    },
    {
      title: 'given away by another directory than the last one',
      files: apacheImage(
        IN_DATA,
        conf`
          RUN python3 manage.py migrate && chown -R www-data .
          WORKDIR /
        `,
      ),
    },
    {
      title: 'given away when it starts',
      files: apacheImage(IN_DATA, 'RUN python3 manage.py migrate', {
        start: 'CMD ["sh", "-c", "chown -R www-data data; exec apachectl -D FOREGROUND"]',
      }),
    },
    {
      title: 'a mode for all',
      files: apacheImage(IN_DATA, 'RUN python3 manage.py migrate && chmod -R a+rwX data'),
    },
    {
      title: 'a directory of the host',
      files: apacheImage(IN_DATA, 'RUN python3 manage.py migrate', {
        compose: withVolume.replace('data:/srv/shop/data', './data:/srv/shop/data'),
      }),
    },
    {
      title: 'a volume that is there already',
      files: apacheImage(IN_DATA, 'RUN python3 manage.py migrate', {
        compose: withVolume.replace(/data:\n$/, 'data:\n    external: true\n'),
      }),
    },
    {
      title: 'a script of the build that nobody reads',
      files: apacheImage(IN_DATA, 'RUN python3 manage.py migrate && ./rights.sh'),
    },
    {
      title: 'migrated by the account',
      files: apacheImage(
        IN_DATA,
        conf`
          RUN chown -R www-data data
          USER www-data
          RUN python3 manage.py migrate
          USER root
        `,
      ),
    },
    {
      title: 'one account for all',
      files: gunicornImage(
        IN_DATA,
        conf`
          RUN chown -R shop /srv/shop
          USER shop
          RUN python manage.py migrate
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      ),
    },
    {
      title: 'a container of root',
      files: gunicornImage(
        IN_DATA,
        conf`
          RUN python manage.py migrate
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
      ),
    },
    {
      title: 'an engine that the environment chooses',
      files: apacheImage(
        {
          ...IN_DATA,
          'shop/settings.py': conf`
            import dj_database_url
            SECRET_KEY = "shop"
            INSTALLED_APPS = ["django.contrib.auth"]
            DATABASES = {"default": dj_database_url.config(default="sqlite:////srv/shop/data/db.sqlite3")}
          `,
        },
        'RUN python3 manage.py migrate',
      ),
    },
    { title: 'a umask', files: gunicorn(`umask 000\n${PLAIN}`) },
    {
      title: 'a database for whoever reads alone',
      files: Object.fromEntries(
        Object.entries(gunicorn(PLAIN)).map(([path, text]) => [
          path,
          text.replace(/INSTALLED_APPS = .*/, 'INSTALLED_APPS = []'),
        ]),
      ),
    },
  ],
  *check(deployment) {
    yield* databasesOfRootIn(deployment)
    const texts = (deployment.setups() ?? []).filter(({ path }) => !OF_IMAGES.test(path))
    if (!texts.some(({ text }) => TOUCHES.test(text))) return
    for (const database of databasesIn(deployment)) {
      for (const source of texts) {
        const left = TOUCHES.test(source.text) ? leftToRoot(source, database, texts) : null
        if (left === null || texts.some(other => other !== source && mayOpen(other, database))) continue
        const account = database.account === null ? 'the account of Apache' : `\`${database.account}\``
        yield {
          at: left.at,
          message: `${left.said}, and ${account} may not write there: attempt to write a readonly database`,
          label: left.label,
          related: database.at === null ? [] : [{ at: database.at, message: 'the database' }],
          help: `Write \`chown -R ${database.account ?? 'www-data'} ${database.directory}\` below it`,
        }
      }
    }
  },
})

const OF_IMAGES = /(?:^|\/)(?:Dockerfile[^/]*|[^/]*compose[^/]*\.ya?ml)$/
const TOUCHES = /\bmanage\.py\b|\bdjango-admin\b|\bchown\b/

/** The files of SQLite to which servers that do not run as root write. */
function* databasesIn(deployment: Deployment): Iterable<Database> {
  for (const program of deployment.programs) {
    if (program.kind !== 'app-server' || program.machine.container !== null) continue
    const settings = deployment.moduleOf(program)?.settings ?? null
    const account = settings === null ? null : accountOf(program)
    if (settings !== null && account !== null) yield* databaseOf(settings, program.machine.files, account)
  }
  for (const application of deployment.applications) {
    const settings = deployment.pythonOf(application)?.settings ?? null
    // Apache takes no `User root`.
    const isPlain = application.configuration.main === null && application.daemon?.options.get('user') == null
    const account = accountOf(application)
    if (settings !== null && (account !== null || isPlain))
      yield* databaseOf(settings, deployment.filesOf(application.configuration), account)
  }
}

/** What of a script leaves the database, or its directory, to root; null where nothing surely does. */
function leftToRoot(source: Source, database: Database, texts: readonly Source[]): Left | null {
  const commands = commandsOfRoot(source)
  if (commands === null) return null
  let owners = NOBODYS
  let setsUp = false
  for (const command of commands) {
    const [word] = command.words
    if (word === undefined) continue
    if (word.text === 'umask' || isUnknownWord(command.account ?? '') || runsElsewhere(command, texts))
      return null
    setsUp ||= isOfSetup(command)
    owners = afterCommand(owners, command, isRunByRoot(command) ? 'root' : 'others', database)
  }
  const { around, file } = owners
  if (around === null || (around.command === 'made' && !setsUp)) return null
  return file?.command === 'made' && !setsUp ? null : leftBy(owners, database)
}

/** A script of which there is no text, and that may do anything. */
function runsElsewhere({ words }: FollowedCommand, texts: readonly Source[]): boolean {
  return words.some(
    ({ text }) =>
      /\.sh$/.test(text) && !texts.some(({ path }) => posix.basename(path) === posix.basename(text)),
  )
}

/** True for what is done to a machine once. */
function isOfSetup({ words }: FollowedCommand): boolean {
  return beginsAs(words, [
    'git clone',
    'apt-get install',
    'apt install',
    'dnf install',
    'yum install',
    'useradd',
    'adduser',
  ])
}

/** True for another text that may give it away. */
function mayOpen(source: Source, { directory, path }: Database): boolean {
  if (/\.service(?:\.\w+)?$/.test(source.path))
    return /StateDirectory|\b(?:chown|chmod|setfacl)\b/.test(source.text)
  const owned = moduleCalls(source).some(({ options }) => {
    const target = (options.get('path') ?? options.get('dest') ?? options.get('name'))?.text.text ?? ''
    return (
      (options.has('owner') || options.has('mode')) &&
      (!/^\/[\w./@+-]+$/.test(target) || isBelow(directory, cleanPath(target)))
    )
  })
  if (owned || !/\b(?:chown|chgrp|chmod|setfacl)\b/.test(source.text)) return owned
  return setupCommands(source).some(command => {
    const change = permissionChange(command)
    return change?.to === 'others' && (mayReach(change, directory) || mayReach(change, path))
  })
}
