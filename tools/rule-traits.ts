import { memo } from '../parsers/collections/memo.ts'
import { RULE_PROGRAMS, type RuleProgram, type RuleTraits } from '../src/engine/rule-traits.ts'
import type { Report } from '../src/engine/report.ts'
import type { Rule } from '../src/engine/rule.ts'
import { auditFiles } from '../test/rules/audit-files.ts'
import { unmark } from '../test/rules/marks.ts'

/** What is found in the bad examples of a rule tells what it may be asked for. */
export const traitsOf: (rule: Rule) => RuleTraits = memo(rule => {
  const fixes = new Set<'safe' | 'unsafe'>()
  const programs = new Set<RuleProgram>()
  for (const { files, modes } of rule.bad) {
    const report = auditFiles(unmark(files).files, [rule], undefined, modes)
    for (const { at, related, fix } of report.findings) {
      if (fix !== null) fixes.add(fix.safety)
      for (const { file } of [at, ...related.map(({ at }) => at)]) {
        const program = programOf(file, report)
        if (program !== null) programs.add(program)
      }
    }
  }
  // Scripts and playbooks alone are no program's.
  if (programs.size === 0 && rule.id.startsWith('wsgi/')) programs.add('apache')
  if (programs.size === 0 && rule.id.startsWith('app-server/')) programs.add('app-server')
  return {
    fixes: (['safe', 'unsafe'] as const).filter(safety => fixes.has(safety)),
    programs: RULE_PROGRAMS.filter(program => programs.has(program)),
  }
})

function programOf(file: string, { fileList }: Report): RuleProgram | null {
  const listed = fileList.find(({ path }) => path === file)
  const as = listed !== undefined && 'as' in listed ? listed.as : 'other'
  if (as === 'htaccess' || as.startsWith('apache')) return 'apache'
  if (as.startsWith('nginx')) return 'nginx'
  return OTHERS.find(([pattern]) => pattern.test(file))?.[1] ?? null
}

const OTHERS: readonly (readonly [RegExp, RuleProgram])[] = [
  [/nginx\.service$/, 'nginx'],
  [/(?:compose[^/]*\.ya?ml|Dockerfile|Caddyfile)$|(?:^|\/)k8s\/[^/]+\.ya?ml$/, 'docker'],
  [/php/, 'php-fpm'],
  [/postgresql/, 'postgresql'],
  [
    /(?:gunicorn[^/]*\.py|\.service|\.socket|\.ini|supervisor.*\.conf|Procfile|ecosystem\.config\.\w+|application\.(?:properties|ya?ml)|crontab|\.ebextensions\/[^/]+\.config|cron\.\w+\/[^/]+)$/,
    'app-server',
  ],
  [/(?:\.py|\.wsgi|requirements\.txt)$/, 'django'],
]
