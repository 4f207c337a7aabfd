//! The nouns: instants, places, parties, exact quantities, records, the agreement, verdicts with their reasons.
