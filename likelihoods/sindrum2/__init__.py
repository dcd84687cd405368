"""SINDRUM II: conversion of muons to electrons in the field of a nucleus."""
