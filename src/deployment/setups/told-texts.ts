import { memo } from '../../../parsers/collections/memo.ts'
import type { Source } from '../../../parsers/text/source.ts'
import type { Deployment } from '../model.ts'

/**
 * Every text of the repository that says what is done to a machine and by which commands: scripts, playbooks, make, the
 * files of Docker, and what tells people to do it. What stands there cures; a text alone is no fault.
 */
export const toldTexts = memo((deployment: Deployment): readonly Source[] => [
  ...(deployment.setups() ?? []),
  ...deployment.setupsBeside(),
  ...deployment.guides(),
])
