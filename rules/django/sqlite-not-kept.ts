import type { Container } from '../../src/deployment/containers/container.ts'
import { mayBeHeld } from '../../src/deployment/containers/may-be-held.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { WSGI } from '../app-server/_examples.ts'
import { isForDevelopmentFile } from '../containers/_mount-over.ts'
import { databaseOf } from './_sqlite-owners.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { settingValue } from './_setting-entries.ts'

const project = (
  volumes: readonly string[],
  {
    name = '"/app/db.sqlite3"',
    debug = 'False',
    service = '',
    lines = '',
  }: {
    readonly name?: string
    readonly debug?: string
    readonly service?: string
    readonly lines?: string
  } = {},
): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      web:
        build: .
        ports: ["8000:8000"]
        ${service}
        volumes:
          ${volumes.map(each => `- ${each}\n`).join('')}
    volumes:
      static:
      media:
  `,
  Dockerfile: conf`
    FROM python:3.13
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    ${lines}
    CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
  `,
  'requirements.txt': 'django==5.2.1\ngunicorn==23.0.0\n',
  'manage.py': '',
  'shop/__init__.py': '',
  'shop/wsgi.py': WSGI,
  'shop/settings.py': conf`
    SECRET_KEY = "k"
    DEBUG = ${debug}
    ALLOWED_HOSTS = ["example.org"]
    INSTALLED_APPS = ["django.contrib.auth", "django.contrib.sessions"]
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": ${name},
        }
    }
  `,
})

export default defineRule({
  summary: 'A database of SQLite lies in the container, and no volume holds it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'What a container writes beside its volumes is gone with it. `docker compose up -d --build`, `docker compose down` or the next image make a new one, with the database of the image or with none: accounts, sessions and all that was entered since are lost, though the uploads in their volume are still there.',
  remedy: 'Put the file into a directory of its own, and give that a volume: `db:/app/db`',
  references: [
    'https://docs.docker.com/engine/storage/',
    'https://docs.djangoproject.com/en/stable/ref/databases/#sqlite-notes',
  ],
  unproven: 'The live tests start no containers: what is in a volume, the compose file says',
  bad: [
    {
      title: 'volumes for uploads alone',
      files: project(['static:/app/staticfiles', 'media:/app/media'], { name: '«"/app/db.sqlite3"»' }),
    },
    {
      title: 'a directory that has no volume',
      files: project(['./media:/app/media'], { name: '«"/app/data/shop.sqlite3"»' }),
    },
  ],
  good: [
    {
      title: 'a volume for it',
      files: project(['media:/app/media', 'db:/app/db'], { name: '"/app/db/db.sqlite3"' }),
    },
    { title: 'a file of the host', files: project(['media:/app/media', './db.sqlite3:/app/db.sqlite3']) },
    { title: 'the whole project is mounted', files: project(['media:/app/media', '.:/app']) },
    { title: 'nothing is kept at all', files: project(['./shop.ini:/etc/shop.ini:ro']) },
    { title: 'who develops', files: project(['media:/app/media'], { debug: 'True' }) },
    {
      title: 'the file is in the repository, as data that nobody changes',
      files: { ...project(['media:/app/media']), 'db.sqlite3': '' },
    },
    {
      title: 'the volume of an image',
      files: project(['media:/app/media'], { name: '"/app/db/db.sqlite3"', lines: 'VOLUME /app/db' }),
    },
    {
      title: 'a script that saves it',
      files: {
        ...project(['media:/app/media']),
        'backup.sh': 'docker compose cp web:/app/db.sqlite3 /srv/backup/\n',
      },
    },
    {
      title: 'the volume of another file',
      files: {
        ...project(['media:/app/media']),
        'compose.prod.yaml': conf`
          services:
            web:
              volumes: ["data:/app"]
        `,
      },
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { container } = program.machine
      const settings = container === null ? null : (deployment.moduleOf(program)?.settings ?? null)
      if (container === null || settings === null || settingValue(settings, 'DEBUG') !== false) continue
      if (!keepsOtherData(container)) continue
      for (const { path, at, isThere } of databaseOf(settings, container.files, null)) {
        if (at === null || isThere || mayBeHeld(container, path)) continue
        const name = path.replace(/^.*\//, '')
        // What copies it out, or puts it back, is a way to keep it.
        if (toldTexts(deployment).some(({ text }) => COPIES.test(text) && text.includes(name))) continue
        yield {
          at,
          message: `\`${path}\` lies in the container of \`${container.service.name}\`, and none of its volumes: a new container has none of its data`,
          label: 'gone with the container',
          related: [{ at: container.service.at, message: 'its volumes hold other files' }],
          help: 'Put it into a directory of its own, and mount a volume there',
        }
      }
    }
  },
})

const COPIES = /\b(?:docker|podman)(?:[ -]compose)?[ \t][^\n]*\b(?:cp|exec)\b|\blitestream\b/

/** True where the service keeps files that it writes: then it is no throw-away. */
function keepsOtherData({ isAlone, service, project }: Container): boolean {
  if (isAlone || !service.complete || service.volumesFrom.length > 0) return false
  if (isForDevelopmentFile(service.at.source.path)) return false
  return service.volumes.some(
    ({ kind, source, target, readOnly }) =>
      target.known &&
      !(readOnly.known && readOnly.value) &&
      ((kind === 'volume' && source?.known === true && project.volumes.has(source.value)) ||
        (kind === 'bind' && /\/(?:media|uploads?|files)\/?$/.test(target.value))),
  )
}
