import { memo } from '../../../../parsers/collections/memo.ts'
import type { ApacheConfiguration, ApacheDirective } from '../configuration.ts'

/**
 * What is written for the main server, in reading order: all but the virtual hosts. Each request asks for it, and of
 * thousands of sites little is left.
 */
export const mainServerLines = memo(({ top }: ApacheConfiguration): readonly ApacheDirective[] =>
  top.filter(({ name }) => name !== 'VirtualHost'),
)
