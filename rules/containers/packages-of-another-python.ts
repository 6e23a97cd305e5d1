import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import type { Place } from '../../parsers/text/source.ts'
import { placeOf, sliceWritten } from '../../parsers/text/written-text.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const image = (from: string, steps = '', site = ''): Record<string, string> => ({
  Dockerfile: conf`
    FROM ${from}
    RUN apt-get update && apt-get install -y apache2 «libapache2-mod-wsgi-py3»
    COPY requirements.txt /srv/shop/
    RUN pip install -r /srv/shop/requirements.txt
    ${steps}
    COPY . /srv/shop
    COPY site.conf /etc/apache2/sites-available/000-default.conf
    CMD ["apachectl", "-D", "FOREGROUND"]
  `,
  'requirements.txt': 'Django==5.2\n',
  'site.conf': conf`
    <VirtualHost *:80>
        WSGIDaemonProcess shop python-path=/srv/shop${site}
        WSGIProcessGroup shop
        WSGIScriptAlias / /srv/shop/wsgi.py
        <Directory /srv/shop>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})
const unmarked = ({ Dockerfile = '', ...files }: Record<string, string>): Record<string, string> => ({
  ...files,
  Dockerfile: Dockerfile.replace(/[«»]/g, ''),
})

export default defineRule({
  summary: 'mod_wsgi of the distribution runs another Python than the one that pip installs for',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: "The package `libapache2-mod-wsgi-py3` is built for the Python of Debian, which it brings along. The image of Python has its own in `/usr/local`, of another version, and `pip` installs for that one: under Apache every request is 500, `ModuleNotFoundError: No module named 'django'`, while `manage.py` works.",
  remedy:
    'Install mod_wsgi with pip, as `mod_wsgi` for `mod_wsgi-express` or its module, or begin with an image of Debian and its own Python',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/virtual-environments.html',
    'https://pypi.org/project/mod-wsgi/',
    'https://hub.docker.com/_/python',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'a version that no release of Debian has', files: image('python:3.12-slim') },
    { title: 'another release of Debian', files: image('python:3.11-slim-trixie') },
    {
      title: 'in a compose file',
      files: {
        ...image('python:3.10'),
        'compose.yaml': conf`
          services:
            web:
              build: .
              ports: ["80:80"]
        `,
      },
    },
  ],
  good: [
    { title: 'the same version', files: unmarked(image('python:3.11-slim-bookworm')) },
    { title: 'a version of some release of Debian', files: unmarked(image('python:3.13-slim')) },
    { title: 'a version that nobody knows', files: unmarked(image('python:3')) },
    { title: 'Debian itself', files: unmarked(image('debian:bookworm')) },
    {
      title: 'mod_wsgi of pip',
      files: unmarked(
        image('python:3.12-slim', 'RUN apt-get install -y apache2-dev && pip install mod_wsgi'),
      ),
    },
    {
      title: 'a virtual environment of Debian’s Python',
      files: unmarked(
        image(
          'python:3.12-slim',
          'RUN /usr/bin/python3 -m venv /opt/venv && /opt/venv/bin/pip install Django',
          ' python-home=/opt/venv',
        ),
      ),
    },
  ],
  *check(deployment) {
    for (const { container, programs } of deployment.machines) {
      const tag = /^python:(\S+)$/.exec(container?.reference ?? '')?.[1]
      const { image } = container ?? {}
      if (tag === undefined || image == null || !isAnother(tag)) continue
      if (!programs.some(({ kind }) => kind === 'apache') || choosesPython(deployment)) continue
      const at = packageOf(image)
      if (at === null) continue
      yield {
        at,
        message: `this package runs the Python of Debian, and \`pip\` of \`${container?.reference}\` installs for another one: No module named …`,
        label: 'for Debian’s Python',
      }
    }
  },
})

/** The Python of each release of Debian that images of Python stand on. */
const OF_RELEASE: ReadonlyMap<string, string> = new Map([
  ['buster', '3.7'],
  ['bullseye', '3.9'],
  ['bookworm', '3.11'],
  ['trixie', '3.13'],
])

/** True for an image whose Python is not that of its Debian, whichever it was when the tag was fetched. */
function isAnother(tag: string): boolean {
  const [version = ''] = /^3\.\d+/.exec(tag) ?? []
  const release = /-(buster|bullseye|bookworm|trixie)$/.exec(tag)?.[1]
  if (version === '' || tag.includes('alpine')) return false
  return release === undefined
    ? ![...OF_RELEASE.values()].includes(version)
    : OF_RELEASE.get(release) !== version
}

function choosesPython({ apache }: Deployment): boolean {
  return apache.some(
    ({ occurrences }) =>
      occurrences.has('wsgipythonhome') ||
      (occurrences.get('wsgipythonpath') ?? []).some(({ args }) => /-packages/.test(args[0]?.value ?? '')) ||
      (occurrences.get('wsgidaemonprocess') ?? []).some(({ args }) =>
        args.some(({ value }) => /^python-home=|-packages/.test(value)),
      ),
  )
}

const MODULE = 'libapache2-mod-wsgi-py3'

/** Where the package is installed, of an image for which pip installs something, and no mod_wsgi. */
function packageOf({ steps }: DockerImage): Place | null {
  const commands = steps.flatMap(step => ('command' in step ? [step.command] : []))
  const text = commands.map(commandText).join('\n')
  const isForOwn = /(?:^|[\s&;])(?:pip[\d.]*|python[\d.]* -m pip|uv pip) install\b/.test(text)
  if (!isForOwn || /\bmod[_-]wsgi(?!-py3)\b(?!\.(?:load|conf))/.test(text.replaceAll(MODULE, ''))) return null
  for (const command of commands) {
    if (command.form !== 'shell') continue
    const index = command.script.text.indexOf(MODULE)
    if (index !== -1) return placeOf(sliceWritten(command.script, index, index + MODULE.length))
  }
  return null
}
