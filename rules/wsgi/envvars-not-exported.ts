import { environmentReads, environmentSets } from '../../src/deployment/django/environment-reads.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { djangoProject, modWsgiMain, virtualHost, wsgiApplication } from '../_examples.ts'

const tree = (lines: string, settings = 'SECRET_KEY = os.environ["SHOP_KEY"]'): Record<string, string> => ({
  'etc/apache2/envvars': conf`
    export APACHE_RUN_USER=www-data
    export APACHE_RUN_GROUP=www-data
    ${lines}
  `,
  'etc/apache2/apache2.conf': modWsgiMain(virtualHost(wsgiApplication())),
  ...djangoProject(conf`
    import os
    ${settings}
  `),
})

export default defineRule({
  summary: 'A variable of envvars is not exported, so no application of mod_wsgi has it',
  severity: 'error',
  otherSeverities: { warning: 'where Python has a default for it' },
  confidence: 'high',
  since: '0.1.0',
  why: '`apachectl` reads `envvars` as a shell reads a script, and starts httpd. A variable that is assigned there without `export` stays in that shell: neither httpd nor the processes of mod_wsgi have it, and `os.environ["SHOP_KEY"]` is a KeyError.',
  remedy: 'Write `export SHOP_KEY=…`',
  references: [
    'https://httpd.apache.org/docs/2.4/env.html#environment-variables',
    'https://modwsgi.readthedocs.io/en/latest/user-guides/application-issues.html',
  ],
  unproven:
    'The live tests start `apache2` with the variables that the audit finds exported, without apachectl',
  bad: [
    { title: 'an assignment alone', files: tree('«SHOP_KEY»=secret') },
    {
      title: 'what a command prints, and a default',
      files: tree('«SHOP_KEY»=$(cat /etc/shop/key)', 'SECRET_KEY = os.environ.get("SHOP_KEY", "insecure")'),
    },
  ],
  good: [
    { title: 'exported', files: tree('export SHOP_KEY=secret') },
    { title: 'exported afterwards', files: tree('SHOP_KEY=secret\nexport SHOP_KEY') },
    { title: 'every one of them', files: tree('set -a\nSHOP_KEY=secret\nset +a') },
    { title: 'nobody reads it', files: tree('SUFFIX=-shop', 'SECRET_KEY = "x"') },
    {
      title: 'the settings set it themselves',
      files: tree('SHOP_KEY=secret', 'os.environ["SHOP_KEY"] = "x"\nSECRET_KEY = os.environ["SHOP_KEY"]'),
    },
  ],
  *check(deployment) {
    for (const application of deployment.applications) {
      const { configuration } = application
      const unexported = configuration.environment?.unexported ?? new Map()
      const python = unexported.size === 0 ? null : deployment.pythonOf(application)
      if (python === null) continue
      const files = deployment.filesOf(configuration)
      const paths = new Set([python.path, ...(python.settings?.files ?? [])])
      const set = new Set([...paths].flatMap(path => [...environmentSets(files, path)]))
      const seen = new Set<string>()
      for (const { name, at, strict } of [...paths].flatMap(path => environmentReads(files, path))) {
        const assigned = unexported.get(name)
        if (assigned === undefined || set.has(name) || seen.has(name)) continue
        seen.add(name)
        yield {
          at: { ...assigned, end: assigned.start + name.length },
          message: `\`${name}\` is assigned and not exported, so Python does not have it${strict ? `: KeyError: '${name}'` : ''}`,
          ...(!strict && { severity: 'warning' as const }),
          label: 'stays in the shell',
          related: [{ at, message: 'read here' }],
          help: `Write \`export\` in front`,
        }
      }
    }
  },
})
