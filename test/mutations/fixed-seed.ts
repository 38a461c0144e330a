import fc from 'fast-check';

/**
 * Property tests draw the same inputs every time a fault is planted, so that one which is noticed today is noticed tomorrow. No smaller input is looked for: that
 * one fails is enough.
 */
fc.configureGlobal({ seed: 1, endOnFailure: true });
