import { environmentReads, environmentSets } from '../../src/deployment/django/environment-reads.ts'
import type { WsgiScript } from '../../src/deployment/django/settings.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'

const main = (lines: string): string =>
  modWsgiMain(
    virtualHost(conf`
      ${lines}
      ${wsgiApplication()}
    `),
    ['env'],
  )

const READING = djangoProject(conf`
  import os
  MODE = os.environ["SHOP_ENV"]
`)

function setByScript(): Record<string, string> {
  const script = 'opt/shop/shop/wsgi.py'
  return {
    ...READING,
    [script]: `import os\nos.environ.setdefault("SHOP_ENV", "production")\n${READING[script]}`,
  }
}

export default defineRule({
  summary: 'SetEnv for what Python reads from os.environ',
  severity: 'error',
  otherSeverities: { warning: 'where Python goes on without the variable' },
  confidence: 'high',
  since: '0.1.0',
  why: '`SetEnv` fills the environ of each request, which the application gets as an argument. `os.environ` is the one of the process, in which the variable is not: the import fails with `KeyError`, or goes on with a default such as the settings of development.',
  remedy:
    'Set the variable in the WSGI script, before the application is imported: `os.environ.setdefault("NAME", "value")`',
  references: ['https://modwsgi.readthedocs.io/en/master/user-guides/configuration-guidelines.html'],
  bad: [
    {
      title: 'other settings than those of the script',
      files: {
        'etc/apache2/apache2.conf': main('SetEnv «DJANGO_SETTINGS_MODULE» shop.production'),
        ...djangoProject(''),
      },
    },
    {
      title: 'read by the settings',
      files: {
        'etc/apache2/apache2.conf': main('SetEnv «SHOP_ENV» production'),
        ...djangoProject(conf`
          import os
          MODE = os.environ["SHOP_ENV"]
        `),
      },
    },
  ],
  good: [
    {
      title: 'a variable that nothing reads',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          SetEnv SHOP_OTHER production
          SetEnv DJANGO_SETTINGS_MODULE shop.settings
        `),
        ...djangoProject(conf`
          import os
          MODE = os.environ["SHOP_ENV"]
        `),
      },
    },
    {
      title: 'the script sets it too',
      files: { 'etc/apache2/apache2.conf': main('SetEnv SHOP_ENV production'), ...setByScript() },
    },
    {
      title: 'another virtual host',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${main('')}
          ${virtualHost('SetEnv SHOP_ENV production', 'example.net')}
        `,
        ...djangoProject(conf`
          import os
          MODE = os.environ.get("SHOP_ENV", "development")
        `),
      },
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { configuration, host } = application
      const lines = configuration.occurrences.get('setenv') ?? []
      const python = lines.length === 0 ? null : deployment.pythonOf(application)
      if (python === null) continue
      const { script } = python
      // A script with a function of its own hands the environ of the request over.
      const bound = [...script.bound.keys()]
      if (bound.some(name => /^(?:os\.)?environ\[/.test(name) && !name.includes('DJANGO_SETTINGS_MODULE')))
        continue
      const files = deployment.filesOf(configuration)
      const set = environmentSets(files, python.path)
      const paths = new Set([python.path, ...(python.settings?.files ?? [])])
      const reads = [...paths].flatMap(path => environmentReads(files, path))
      for (const line of lines) {
        const home = virtualHostSection(line)
        if (home !== null && home !== host?.directive) continue
        const name = line.args[0]?.value
        yield* otherSettings(line, script)
        const read =
          reads.find(each => each.name === name && each.strict) ?? reads.find(each => each.name === name)
        if (name === undefined || read === undefined || set.has(name)) continue
        yield {
          at: argumentPlace(line, 0),
          message: `\`SetEnv ${name}\` does not reach \`os.environ\`, where Python reads it${read.strict ? ', so the import fails' : ''}`,
          severity: read.strict ? 'error' : 'warning',
          related: [{ at: read.at, message: 'read here' }],
        }
      }
    }
  },
})

/** The settings that a line means, where the script names others for its process. */
function* otherSettings(line: ApacheDirective, { settingsModule }: WsgiScript): Iterable<RuleFinding> {
  const [name, value] = line.args
  if (name?.value !== 'DJANGO_SETTINGS_MODULE' || value === undefined || settingsModule === null) return
  if (value.value === settingsModule.name || !/^[\w.]+$/.test(value.value)) return
  yield {
    at: argumentPlace(line, 0),
    severity: 'warning',
    message: `\`SetEnv\` does not reach \`os.environ\`, so Django runs with \`${settingsModule.name}\` and not with \`${value.value}\``,
    related: [{ at: settingsModule.at, message: 'these settings hold' }],
    help: 'Name the settings in the script',
  }
}
