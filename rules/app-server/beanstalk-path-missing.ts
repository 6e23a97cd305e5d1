import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../parsers/yaml/yaml-node.ts'
import { pythonFiles } from '../../src/deployment/django/scheduled-tasks.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'

const bundle = (path: string, files: Record<string, string> = {}): Record<string, string> => ({
  '.ebextensions/django.config': conf`
    option_settings:
      aws:elasticbeanstalk:container:python:
        WSGIPath: ${path}
      aws:elasticbeanstalk:application:environment:
        DJANGO_SETTINGS_MODULE: storefront.settings
  `,
  'requirements.txt': 'Django==4.2\n',
  'manage.py': conf`
    import os, sys
    from django.core.management import execute_from_command_line
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
    execute_from_command_line(sys.argv)
  `,
  'storefront/__init__.py': '',
  'storefront/settings.py': 'DEBUG = False\n',
  'storefront/wsgi.py': conf`
    from django.core.wsgi import get_wsgi_application
    application = get_wsgi_application()
  `,
  ...files,
})

export default defineRule({
  summary: 'WSGIPath of Elastic Beanstalk names a module that the repository does not have',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Elastic Beanstalk starts what `WSGIPath` names, from the root of the bundle: a path of a script for Apache of the first Amazon Linux, `module:callable` for gunicorn of the later ones. A name of somebody else’s tutorial starts nothing: “Your WSGIPath refers to a file that does not exist”, `ModuleNotFoundError`, and 502 for every page.',
  remedy: 'Name the project’s own module: `storefront.wsgi:application`, or `storefront/wsgi.py`',
  references: [
    'https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/create-deploy-python-django.html',
    'https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/create-deploy-python-container.html',
  ],
  unproven: 'No loopback is Elastic Beanstalk',
  bad: [
    { title: 'the path of the tutorial', files: bundle('«ebdjango/wsgi.py»') },
    { title: 'the module of the tutorial', files: bundle('«ebdjango.wsgi:application»') },
    {
      title: 'a list of options',
      files: bundle('', {
        '.ebextensions/django.config': conf`
          option_settings:
            - namespace: aws:elasticbeanstalk:container:python
              option_name: WSGIPath
              value: «mysite/mysite/wsgi.py»
        `,
      }),
    },
  ],
  good: [
    { title: 'the path of the project', files: bundle('storefront/wsgi.py') },
    { title: 'the module of the project', files: bundle('storefront.wsgi:application') },
    { title: 'the module alone', files: bundle('storefront.wsgi') },
    {
      title: 'a Procfile, which starts the application itself',
      files: bundle('ebdjango.wsgi:application', { Procfile: 'web: gunicorn storefront.wsgi\n' }),
    },
    {
      title: 'a directory whose contents are the bundle',
      files: bundle('shop/wsgi.py', {
        'backend/shop/wsgi.py': 'application = None\n',
      }),
    },
    {
      title: 'the last file counts',
      files: bundle('ebdjango/wsgi.py', {
        '.ebextensions/python.config': conf`
          option_settings:
            "aws:elasticbeanstalk:container:python":
              WSGIPath: storefront/wsgi.py
        `,
      }),
    },
    {
      title: 'a bundle that something else builds',
      files: bundle('ebdjango/wsgi.py', {
        '.elasticbeanstalk/config.yml': conf`
          deploy:
            artifact: build/storefront.zip
        `,
      }),
    },
    {
      title: 'a platform of Docker',
      files: bundle('ebdjango/wsgi.py', { 'Dockerrun.aws.json': '{ "AWSEBDockerrunVersion": "1" }' }),
    },
    {
      title: 'a directory of extensions that is no bundle',
      files: Object.fromEntries(
        Object.entries(bundle('ebdjango/wsgi.py')).map(([path, text]) => [
          path.startsWith('.') ? `deploy/${path}` : path,
          text,
        ]),
      ),
    },
    {
      title: 'a command that makes the directory',
      files: bundle('ebdjango/wsgi.py', {
        '.ebextensions/01.config': conf`
          container_commands:
            01_link:
              command: ln -s storefront ebdjango
        `,
      }),
    },
    {
      title: 'a placeholder',
      files: bundle('{{ project }}/wsgi.py'),
    },
    {
      title: 'a script that makes the directory',
      files: bundle('ebdjango/wsgi.py', { 'deploy.sh': 'cp -r storefront ebdjango\neb deploy\n' }),
    },
  ],
  *check(deployment) {
    const setups = deployment.setups() ?? []
    for (const path of wsgiPaths(setups)) {
      const root = posix.dirname(posix.dirname(path.source.path))
      const files = deployment.machines.find(each => each.files.kind(path.source.path) === 'file')?.files
      if (files === undefined || isBuiltOtherwise(files, root)) continue
      const named = fileOf(path.written.text)
      const modules = pythonFiles(files, root)
      if (modules === null || isThere(files, root, named, modules)) continue
      const own = ownModule(root, modules)
      const missing = missingPart(files, root, named)
      if (own === null || isMade(setups, missing)) continue
      const said = path.isFile
        ? 'Your WSGIPath refers to a file that does not exist'
        : `ModuleNotFoundError: No module named '${missing.replaceAll('/', '.')}'`
      yield {
        at: placeOf(path.written),
        message: `the repository has no \`${named}\`, and its application is \`${own}\`: ${said}`,
        label: 'not in the repository',
        help: `Name the one that it has: \`${path.isFile ? own : `${own.replace(/\.py$/, '').replaceAll('/', '.')}:application`}\``,
      }
    }
  },
})

interface WsgiPath {
  readonly source: Source
  readonly written: WrittenText
  /** True for the path of a file, as the first Amazon Linux has it; false for a module. */
  readonly isFile: boolean
}

/** Those that count: files of one directory are read by their names, and the last one wins. */
function wsgiPaths(setups: readonly Source[]): Iterable<WsgiPath> {
  const last = new Map<string, WsgiPath>()
  const configs = setups.filter(({ path, text }) => CONFIG.test(path) && text.includes('WSGIPath'))
  for (const source of [...configs].sort((a, b) => (a.path < b.path ? -1 : 1)))
    for (const written of readYaml(source).documents.flatMap(pathsIn))
      last.set(posix.dirname(source.path), { source, written, isFile: /\/|\.py$/.test(written.text) })
  return [...last.values()].filter(({ written }) => PLAIN.test(written.text))
}

const CONFIG = /(?:^|\/)\.ebextensions\/[^/]+\.config$/

/** `ebdjango/wsgi.py`, `ebdjango.wsgi:application`, `application.py`. */
const PLAIN = /^[\w-]+(?:[./][\w-]+)*(?::\w+)?$/

function pathsIn(node: YamlNode): readonly WrittenText[] {
  if (node.kind === 'scalar') return []
  if (node.kind === 'list') return node.items.flatMap(pathsIn)
  const option = node.entries.get('option_name')?.value
  const value = node.entries.get('value')?.value
  if (option?.kind === 'scalar' && option.text.text === 'WSGIPath' && value?.kind === 'scalar')
    return [value.text]
  return [...node.entries.values()].flatMap(entry =>
    entry.name === 'WSGIPath' && entry.value.kind === 'scalar' ? [entry.value.text] : pathsIn(entry.value),
  )
}

/** A Procfile and the platforms of Docker do not ask for `WSGIPath`; what is no checkout may hold other files. */
function isBuiltOtherwise(files: FileSystem, root: string): boolean {
  const eb = sourceAt(files, posix.join(root, '.elasticbeanstalk/config.yml'))?.text ?? ''
  return /^\s*artifact\s*:/m.test(eb) || OTHERS.some(name => files.kind(posix.join(root, name)) !== null)
}

const OTHERS = [
  'Procfile',
  'Dockerfile',
  'Dockerrun.aws.json',
  'docker-compose.yml',
  'docker-compose.yaml',
  '.gitmodules',
  '.elasticbeanstalk/saved_configs',
]

/** The file of a path or a module, from the root of the bundle. */
function fileOf(text: string): string {
  const [module = ''] = text.split(':')
  return /\/|\.py$/.test(module) ? module : `${module.replaceAll('.', '/')}.py`
}

/** The first part of a path that is not there, without an ending: what an import fails at. */
function missingPart(files: FileSystem, root: string, file: string): string {
  const whole = file.replace(/\.py$/, '')
  const parts = whole.split('/')
  const ends = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  return ends.find(part => files.kind(posix.join(root, part)) === null) ?? whole
}

/** True too where some directory of the repository has it, which may be the bundle. */
function isThere(files: FileSystem, root: string, file: string, modules: readonly string[]): boolean {
  const names = [`/${file}`, `/${file.replace(/\.py$/, '')}/__init__.py`]
  return (
    files.kind(posix.join(root, file)) !== null ||
    modules.some(each => names.some(name => each.endsWith(name)))
  )
}

/** What the repository has in its place; null where it is not seen. */
function ownModule(root: string, modules: readonly string[]): string | null {
  const own = modules
    .map(path => posix.relative(root, path))
    .filter(path => /^(?:[^/]+\/){0,2}wsgi\.py$|^(?:app|application)\.py$/.test(path))
  return own.length === 1 ? (own[0] ?? null) : null
}

/** True where a script speaks of what is missing, or a command of Beanstalk has it as its operand: it may make it. */
function isMade(setups: readonly Source[], missing: string): boolean {
  const word = String.raw`(?<![\w-])${escapePattern(posix.basename(missing))}(?![\w-])`
  const spoken = new RegExp(word)
  const made = new RegExp(
    String.raw`\b(?:cp|mv|ln|mkdir|rsync|tar|unzip|clone|startproject|aws)\b[^\n]*${word}`,
  )
  return setups.some(({ path, text }) => (CONFIG.test(path) ? made : spoken).test(text))
}
