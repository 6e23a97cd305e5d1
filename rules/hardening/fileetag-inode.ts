import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, argumentsPlace } from '../../src/deployment/places.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/apache/queries/effective.ts'
import { fileHost } from './_examples.ts'
import { levelsOfFiles, reachedHosts } from './_servers.ts'

export default defineRule({
  summary: 'The `ETag` of a file has its inode',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'It tells a number of the file system, which helps whoever attacks NFS, and differs between machines that serve the same file, so that caches fetch it again.',
  remedy: 'Write `FileETag MTime Size`, the default',
  controls: ['CIS Apache 8.4'],
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#fileetag'],
  bad: [
    { title: 'written', files: { 'etc/apache2/apache2.conf': fileHost('', 'FileETag «INode» MTime Size') } },
    { title: 'all there is', files: { 'etc/apache2/apache2.conf': fileHost('FileETag «All»') } },
  ],
  good: [
    { title: 'the default', files: { 'etc/apache2/apache2.conf': fileHost('') } },
    { title: 'taken away', files: { 'etc/apache2/apache2.conf': fileHost('FileETag -INode') } },
    { title: 'replaced', files: { 'etc/apache2/apache2.conf': fileHost('FileETag None', 'FileETag All') } },
  ],
  *check(deployment) {
    for (const asked of reachedHosts(deployment)) {
      const levels = asked.configuration.occurrences.has('fileetag') ? levelsOfFiles(deployment, asked) : null
      if (levels === null) continue
      const { directives, open } = effective(asked.configuration, levels, 'FileETag')
      const line = directives.at(-1)
      const index = line?.args.findIndex(({ value }) => /^\+?(?:inode|all)$/i.test(value)) ?? -1
      if (open !== null || line === undefined || index === -1) continue
      yield {
        at: argumentPlace(line, index),
        per: 'virtual hosts',
        message: often => `\`FileETag ${line.args[index]?.value}\` puts the inode into \`ETag\`${often}`,
        ...propose('Take time and size', 'unsafe', [
          replacePlace(argumentsPlace(line, 0, line.args.length - 1), 'MTime Size'),
        ]),
      }
    }
  },
})
