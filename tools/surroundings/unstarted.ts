import { SETTINGS } from './django-environment.ts'
import type { Files, Lay } from './files.ts'

/** A project of Django of which nothing in the tree says who starts it, with what its author has beside it. */
interface Project {
  readonly name: string
  /** By their paths below the directory of the project, without what starts it. */
  readonly files: Files
  readonly settings: string
}

/** What says that something runs, and the scripts that a server loads. */
const STARTERS =
  /(?:^|\/)(?:Dockerfile|Procfile|docker-compose[^/]*|[\w.-]+\.(?:service|ini|sh|conf))$|(?:^|\/)[aw]sgi\.py$/

function projectIn(files: Files): Project | null {
  const [path, ...others] = Object.keys(files).filter(each => SETTINGS.test(each))
  const [, home, name] = SETTINGS.exec(path ?? '') ?? []
  if (path === undefined || home === undefined || name === undefined || others.length > 0) return null
  const root = home.slice(0, home.length - name.length)
  const own = Object.entries(files).flatMap(([each, text]) =>
    each.startsWith(root) && !STARTERS.test(each) ? [[each.slice(root.length), text] as const] : [],
  )
  return { name, files: Object.fromEntries(own), settings: files[path] ?? '' }
}

function ofProject(lay: (project: Project) => Files): Lay {
  return files => {
    const project = projectIn(files)
    return project === null ? null : lay(project)
  }
}

const naming = (settings: string, more: string): string =>
  `import os\n${more}\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")\n`
const wsgi = (settings: string): string =>
  `${naming(settings, 'from django.core.wsgi import get_wsgi_application')}application = get_wsgi_application()\n`
const manage = (settings: string): string =>
  `${naming(settings, 'import sys\nfrom django.core.management import execute_from_command_line')}execute_from_command_line(sys.argv)\n`

/** The settings of a project in a package of them, beside those of a developer. */
function inPackage({ name, files, settings }: Project, home: string, own: string): Files {
  const { [`${name}/settings.py`]: _, ...others } = files
  return {
    ...others,
    [`${home}/__init__.py`]: '',
    [`${home}/local.py`]: 'from .base import *\nDEBUG = True\n',
    [`${home}/base.py`]: 'INSTALLED_APPS = ["django.contrib.auth", "django.contrib.staticfiles"]\n',
    [`${home}/${own}.py`]: `from .base import *\n${settings}`,
  }
}

export const unstarted: Readonly<Record<string, Lay>> = {
  wsgiAlone: ofProject(({ name, files }) => ({ ...files, [`${name}/wsgi.py`]: wsgi(`${name}.settings`) })),
  manageAlone: ofProject(({ name, files }) => ({ ...files, 'manage.py': manage(`${name}.settings`) })),
  manageBelow: ofProject(({ name, files }) =>
    Object.fromEntries(
      Object.entries({ ...files, 'manage.py': manage(`${name}.settings`) }).map(([path, text]) => [
        `backend/src/${path}`,
        text,
      ]),
    ),
  ),
  procfile: ofProject(({ name, files }) => ({
    ...files,
    Procfile: 'web: bin/run.sh\n',
    'manage.py': manage(`${name}.settings`),
  })),
  runserver: ofProject(({ name, files }) => ({
    ...files,
    'manage.py': manage(`${name}.settings`),
    'compose.yaml':
      'services:\n  web:\n    image: registry.example.org/shop\n    command: ./manage.py runserver 0.0.0.0:8000\n',
  })),
  otherApplication: ofProject(({ name, files }) => ({
    ...files,
    'manage.py': manage(`${name}.settings`),
    'compose.yaml': 'services:\n  front:\n    build: ./front\n  db:\n    image: postgres:16\n',
    'front/Dockerfile': 'FROM node:20\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n',
    'front/server.js': 'require("http").createServer((q, r) => r.end()).listen(3000)\n',
  })),
  behindSite: ofProject(({ name, files }) => ({
    ...files,
    'manage.py': manage(`${name}.settings`),
    'conf/nginx.conf':
      'server {\n    listen 80;\n    server_name example.org;\n    location / {\n        proxy_set_header Host $host;\n        proxy_pass http://127.0.0.1:8000;\n    }\n}\n',
  })),
  production: ofProject(project => ({
    ...inPackage(project, `${project.name}/settings`, 'production'),
    'manage.py': manage(`${project.name}.settings.local`),
  })),
  productionInConfig: ofProject(project => ({
    ...inPackage(project, 'config/settings', 'prod'),
    'config/__init__.py': '',
    'manage.py': manage('config.settings.local'),
  })),
  settingsAlone: ofProject(({ files }) => files),
}
