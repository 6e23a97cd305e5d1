import type { FileSystem } from '../files/file-system.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import type { SiteFacts } from './site-facts.ts'

/** All servers of one machine (one root) as one system: what rules ask. */
export interface Deployment {
  readonly nginx: readonly NginxConfiguration[]
  readonly apache: readonly ApacheConfiguration[]
  readonly facts: SiteFacts
  readonly files: FileSystem
}
