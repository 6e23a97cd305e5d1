import { posix } from 'node:path'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, byText } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { directoryOf, urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { DjangoSettings } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
      location @app {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
const APACHE = {
  'ports.conf': conf`Listen 127.0.0.1:9000`,
  'site.conf': conf`
    <VirtualHost 127.0.0.1:9000>
        ServerName example.org
        WSGIDaemonProcess app
        WSGIScriptAlias / /opt/shop/shop/wsgi.py process-group=app
        <Directory /opt/shop/shop>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
}

export default defineRule({
  summary: 'nginx serves the program as files',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [552, 540],
  since: '0.1.0',
  why: 'A root that lies above the project serves every file in it to whoever guesses the name: `/shop/settings.py` with its passwords, `/.git/config`, `/db.sqlite3`. `try_files` finds them before the application is asked.',
  remedy: 'Collect static files in a directory of their own, and let nginx serve that alone',
  references: ['https://docs.djangoproject.com/en/stable/howto/static-files/deployment/'],
  bad: [
    {
      title: 'the project itself as root',
      files: {
        'nginx.conf': nginx(conf`
          root «/opt/shop»;
          try_files $uri @app;
        `),
        ...APACHE,
      },
    },
    {
      title: 'an alias for static files that leads to the project',
      files: {
        'nginx.conf': nginx(
          conf`
            location /static/ {
                alias «/opt/shop/»;
            }
            location / {
                try_files /none @app;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'programs refused, and the database beside them served',
      files: {
        'nginx.conf': nginx(
          conf`
            root «/opt/shop»;
            location ~ \.pyc?$ {
                deny all;
            }
            location / {
                try_files $uri @app;
            }
          `,
        ),
        ...APACHE,
        'opt/shop/shop/wsgi.py': conf`
          import os
          os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
          from django.core.wsgi import get_wsgi_application
          application = get_wsgi_application()
        `,
        'opt/shop/shop/settings.py': conf`DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/opt/shop/db.sqlite3"}}`,
      },
    },
  ],
  good: [
    {
      title: 'a directory of its own',
      files: {
        'nginx.conf': nginx(conf`
          root /var/www/shop;
          try_files $uri @app;
        `),
        ...APACHE,
      },
    },
    {
      title: 'the directory of static files inside of the project',
      files: {
        'nginx.conf': nginx(
          conf`
            location /static/ {
                root /opt/shop;
            }
            location / {
                try_files /none @app;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'a root that no file is taken from',
      files: {
        'nginx.conf': nginx(
          conf`
            root /opt/shop;
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'behind a password',
      files: {
        'nginx.conf': nginx(
          conf`
            root /opt/shop;
            auth_basic "Staff";
            auth_basic_user_file /etc/nginx/htpasswd;
            try_files $uri @app;
          `,
        ),
        ...APACHE,
      },
    },
    {
      title: 'programs refused by their ending',
      files: {
        'nginx.conf': nginx(
          conf`
            root /opt/shop;
            location ~ \.pyc?$ {
                deny all;
            }
            location / {
                try_files $uri @app;
            }
          `,
        ),
        ...APACHE,
      },
    },
  ],
  *check(deployment) {
    const written = deployment.nginx.flatMap(({ occurrences }) =>
      ['root', 'alias'].flatMap(name => occurrences.get(name) ?? []),
    )
    const byDirectory = programsByDirectory(deployment, new Set(written.map(directoryOf)))
    if (byDirectory.size === 0) return
    const servers = serverIndex(deployment.servers)
    for (const group of byText(written.filter(directive => byDirectory.has(directoryOf(directive))))) {
      const exposed = exposedBy(deployment, servers, group, byDirectory.get(directoryOf(group[0])) ?? [])
      if (exposed === null) continue
      const { program, url } = exposed
      yield {
        at: argumentPlace(group[0], 0),
        message: `nginx serves \`${url}\`, which is the ${program.what} \`${program.path}\`, to whoever asks for it`,
        label: 'the project lies below',
        related: [{ at: program.at, message: 'the application runs this file' }],
      }
    }
  },
})

/** The first program that an anonymous client gets through one of the places that a directory is written for. */
function exposedBy(
  deployment: Deployment,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
  group: readonly NginxDirective[],
  programs: readonly Program[],
): { readonly program: Program; readonly url: string } | null {
  for (const directive of group) {
    const home = enclosingServer(directive)
    const server = home === null ? undefined : servers.get(home)
    // What http says holds in every server that says nothing else.
    const heirs =
      home === null ? deployment.servers.slice(0, MOST_TRIED) : server === undefined ? [] : [server]
    for (const heir of heirs) {
      for (const program of programs) {
        const url = urlOfFile(deployment, heir, directive, program.path)
        if (url !== null) return { program, url }
      }
    }
  }
  return null
}

interface Program {
  readonly path: string
  readonly what: 'program' | 'database'
  readonly at: Place
}

/** As many of one directory are tried: one that is served is enough, and a directory of a thousand sites has many. */
const MOST_TRIED = 10

/** The scripts that Apache runs, and the settings that they name, by those of these directories that lie above them. */
function programsByDirectory(
  deployment: Deployment,
  directories: ReadonlySet<string>,
): ReadonlyMap<string, readonly Program[]> {
  const byDirectory = new Map<string, Program[]>()
  for (const program of programFiles(deployment)) {
    for (
      let directory = posix.dirname(program.path);
      directory !== '/';
      directory = posix.dirname(directory)
    ) {
      if (!directories.has(directory)) continue
      const known = byDirectory.get(directory)
      if (known === undefined) byDirectory.set(directory, [program])
      else if (known.length < MOST_TRIED) known.push(program)
    }
  }
  return byDirectory
}

function programFiles(deployment: Deployment): readonly Program[] {
  return deployment.applications.flatMap(application => {
    const { alias } = application
    if (alias.regex || !alias.script.known || !alias.script.value.startsWith('/')) return []
    const at = alias.scriptAt
    const settings = deployment.pythonOf(application)?.settings ?? null
    const programs = [alias.script.value, ...(settings?.files ?? [])]
    const database = settings === null ? null : sqliteFile(settings)
    return [
      ...programs.map(path => ({ path, what: 'program', at }) as const),
      ...(database === null ? [] : [{ path: database, what: 'database', at } as const]),
    ]
  })
}

/** The file of the default database, where it is SQLite's. */
function sqliteFile(settings: DjangoSettings): string | null {
  const databases = settings.get('DATABASES')
  const database =
    databases?.known === true && databases.value instanceof Map ? databases.value.get('default') : undefined
  if (!(database instanceof Map) || database.get('ENGINE') !== 'django.db.backends.sqlite3') return null
  const name = database.get('NAME')
  return typeof name === 'string' && name.startsWith('/') ? name : null
}
