import { posix } from 'node:path'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace, byText } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { directoryOf, urlOfFile } from '../../src/deployment/requests/url-of-file.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { type ProgramFile, programFiles } from './_program-files.ts'
import { apacheMain, nginxMain } from '../_examples.ts'
import { behindNginx, serviceUnit, WSGI } from '../app-server/_examples.ts'
import { askedHosts, askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'

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

/** Apache that serves what lies below a directory, and proxies the rest to gunicorn. */
const inApache = (root: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot ${root}
          <Directory /srv/shop>
              Require all granted
          </Directory>
          RewriteEngine On
          RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f
          RewriteRule ^/(.*)$ http://127.0.0.1:8000/$1 [P,L]
      </VirtualHost>
    `,
    ['rewrite', 'proxy', 'proxy_http'],
  )

export default defineRule({
  summary: 'The program is served as files',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 8.6,
  cwe: [552, 540],
  since: '0.1.0',
  why: 'A root that lies above the project serves every file in it to whoever guesses the name: `/shop/settings.py` with its passwords, `/.git/config`, `/db.sqlite3`. `try_files`, or a rule with `-f`, finds them before the application is asked.',
  remedy: 'Collect static files in a directory of their own, and let nginx or Apache serve that alone',
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
      title: 'the project of gunicorn as root',
      files: {
        ...behindNginx(serviceUnit('/usr/bin/gunicorn shop.wsgi', 'WorkingDirectory=/srv/shop')),
        'etc/nginx/nginx.conf': nginxMain(
          nginx(conf`
            root «/srv/shop»;
            try_files $uri @app;
          `),
        ),
        'srv/shop/shop/__init__.py': '',
        'srv/shop/shop/wsgi.py': WSGI,
      },
    },
    {
      title: 'the document root of Apache, whose files come first',
      files: {
        'etc/apache2/apache2.conf': inApache('«/srv/shop»'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/gunicorn shop.wsgi',
          'WorkingDirectory=/srv/shop',
        ),
        'srv/shop/shop/__init__.py': '',
        'srv/shop/shop/wsgi.py': WSGI,
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
      title: 'a document root of its own',
      files: {
        'etc/apache2/apache2.conf': inApache('/srv/shop/public'),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/gunicorn shop.wsgi',
          'WorkingDirectory=/srv/shop',
        ),
        'srv/shop/shop/__init__.py': '',
        'srv/shop/shop/wsgi.py': WSGI,
        'srv/shop/public/site.css': 'body {}',
      },
    },
    {
      title: 'a document root of which nothing is taken',
      files: {
        'etc/apache2/apache2.conf': inApache('/srv/shop').replace(/RewriteCond.*!-f/, ''),
        'etc/systemd/system/shop.service': serviceUnit(
          '/usr/bin/gunicorn shop.wsgi',
          'WorkingDirectory=/srv/shop',
        ),
        'srv/shop/shop/__init__.py': '',
        'srv/shop/shop/wsgi.py': WSGI,
      },
    },
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
    const programs = programFiles(deployment)
    if (programs.length === 0) return
    yield* byNginx(deployment, programs)
    yield* byApache(deployment, programs)
  },
})

function* byNginx(deployment: Deployment, programs: readonly ProgramFile[]): Iterable<RuleFinding> {
  const written = deployment.nginx.flatMap(({ occurrences }) =>
    ['root', 'alias'].flatMap(name => occurrences.get(name) ?? []),
  )
  const byDirectory = programsByDirectory(programs, new Set(written.map(directoryOf)))
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
}

/** Where the document root of a virtual host lies above a program, and a client who asks for that gets the file. */
function* byApache(deployment: Deployment, programs: readonly ProgramFile[]): Iterable<RuleFinding> {
  for (const asked of askedHosts(deployment)) {
    const { machine } = deployment.programOf(asked.configuration)
    const line = effectiveDirective(asked.configuration, serverLevels(asked.host), 'DocumentRoot')
    if (line == null) continue
    for (const program of programs) {
      if (program.machine !== machine) continue
      const directory = urlOfDirectory(asked, posix.dirname(program.path))
      if (directory === null) continue
      const url = directory + posix.basename(program.path)
      const { end, steps } = askHost(deployment, asked, url)
      if (end.kind !== 'file' || end.status !== 200 || end.path !== program.path) continue
      if (steps.some(({ kind }) => kind === 'doubt')) continue
      yield {
        at: argumentPlace(line, 0),
        message: `Apache serves \`${url}\`, which is the ${program.what} \`${program.path}\`, to whoever asks for it`,
        label: 'the project lies below',
        related: [{ at: program.at, message: 'the application runs this file' }],
      }
      break
    }
  }
}

/** The first program that an anonymous client gets through one of the places that a directory is written for. */
function exposedBy(
  deployment: Deployment,
  servers: ReadonlyMap<NginxDirective, NginxServer>,
  group: readonly NginxDirective[],
  programs: readonly ProgramFile[],
): { readonly program: ProgramFile; readonly url: string } | null {
  for (const directive of group) {
    const home = enclosingServer(directive)
    const server = home === null ? undefined : servers.get(home)
    // What http says holds in every server that says nothing else.
    const heirs =
      home === null ? deployment.servers.slice(0, MOST_TRIED) : server === undefined ? [] : [server]
    for (const heir of heirs) {
      const { machine } = deployment.programOf(heir.configuration)
      for (const program of programs) {
        if (program.machine !== machine) continue
        const url = urlOfFile(deployment, heir, directive, program.path)
        if (url !== null) return { program, url }
      }
    }
  }
  return null
}

/** As many of one directory are tried: one that is served is enough, and a directory of a thousand sites has many. */
const MOST_TRIED = 10

/** Programs by those of these directories that lie above them. */
function programsByDirectory(
  programs: readonly ProgramFile[],
  directories: ReadonlySet<string>,
): ReadonlyMap<string, readonly ProgramFile[]> {
  const byDirectory = new Map<string, ProgramFile[]>()
  for (const program of programs) {
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
