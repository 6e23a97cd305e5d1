export const SEVERITIES = ['info', 'warning', 'error'] as const
/** How bad it is. */
export type Severity = (typeof SEVERITIES)[number]

export const CONFIDENCES = ['low', 'medium', 'high'] as const
/** How sure it is; it drops where the other half of a join is not in the tree. */
export type Confidence = (typeof CONFIDENCES)[number]

export function severityAtLeast(severity: Severity, minimum: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum)
}

export function confidenceAtLeast(confidence: Confidence, minimum: Confidence): boolean {
  return CONFIDENCES.indexOf(confidence) >= CONFIDENCES.indexOf(minimum)
}
